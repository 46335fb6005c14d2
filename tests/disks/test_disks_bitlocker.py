"""Keys: of the right form, in their place before the drive is encrypted, and nowhere else, ever."""

from __future__ import annotations

import json
import pickle
import traceback
from pathlib import Path

import pytest
from drive_sets import Bench, a_seed, plug_in

from tasks.errors import InvalidInput, NotYet, Rejected, SeedingError
from tasks.office.disks import (
    BitLockerFailed,
    BitLockerKey,
    EnvironmentKeys,
    FolderBitLocker,
    KeyInvalid,
    KeyMissing,
    ManageBde,
    MemoryKeys,
    ensure_encrypted,
    new_key,
)
from tasks.office.disks.commands import Ran
from tasks.secret_places import PlaceName, place_name

TEXT = "060456-014509-132033-080300-252615-584177-672089-411631"


def one_drive(home: Path, keys) -> tuple[Path, FolderBitLocker]:
    volume = plug_in(home, "S1")
    return volume, FolderBitLocker(keys, {str(volume): "S1"})


def test_a_key_is_eight_groups_of_six_digits():
    """Anything else is refused without being repeated."""
    assert BitLockerKey(f" {TEXT}\n").reveal() == TEXT
    for bad in (TEXT[:-1], TEXT.replace("-", ""), TEXT + "-000000", TEXT.replace("0", "O"), ""):
        with pytest.raises(KeyInvalid) as refused:
            BitLockerKey(bad)
        assert TEXT[:6] not in str(refused.value) + refused.value.next


def test_a_key_whose_groups_are_no_multiples_of_11_is_taken_with_a_warning():
    """The samples in the vendor's documents are like that."""
    assert BitLockerKey(TEXT).warning == ""
    assert "1 of 8 groups" in BitLockerKey(TEXT[:-1] + "2").warning


def test_new_keys_are_of_the_real_form_and_differ():
    """128 random bits in groups that BitLocker itself would accept."""
    keys = [new_key() for _ in range(50)]

    assert all(key.warning == "" for key in keys)
    assert len({key.reveal() for key in keys}) == 50


def test_a_key_shows_itself_nowhere():
    """Not printed, not formatted, not pickled, not hashed, not in an error's traceback."""
    key = BitLockerKey(TEXT)
    shown = [repr(key), str(key), f"{key!s:>80}", repr([key]), repr(MemoryKeys({"S1": key}))]
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        hash(key)

    assert not any(TEXT[:6] in text for text in shown)
    assert key == BitLockerKey(TEXT) and key != new_key() and key != TEXT


def test_the_inventory_names_a_place_and_never_a_key():
    """Environment, Prefect block or Key Vault; a key in its place is refused and not repeated."""
    assert place_name("env:SYDNEY_{serial}") == PlaceName("environment", "SYDNEY_{serial}")
    assert place_name("prefect-block:sydney-drives") == PlaceName("prefect-block", "sydney-drives")
    vault = "https://sydney.vault.azure.net"
    assert place_name(f"{vault}/") == PlaceName("key-vault", "bitlocker-{serial}", vault)
    assert place_name(f"{vault}/secrets/syd-{{serial}}") == PlaceName("key-vault", "syd-{serial}", vault)
    for bad in (TEXT, f"env:{TEXT}", "http://sydney.vault.azure.net", f"{vault}/keys/x", "file:///keys", "env:"):
        with pytest.raises(InvalidInput) as refused:
            place_name(bad)
        assert TEXT[:6] not in str(refused.value)


def test_the_environment_is_read_and_never_written():
    """A key that is not there is missing; another key than the one there cannot be kept."""
    keys = EnvironmentKeys("KEY_{serial}", {"KEY_WD_1": TEXT})

    assert keys.get("WD-1") == BitLockerKey(TEXT)
    keys.put("WD-1", BitLockerKey(TEXT))
    with pytest.raises(Rejected):
        keys.put("WD-1", new_key())
    with pytest.raises(KeyMissing, match=r"KEY_S2 is not set"):
        keys.get("S2")


def test_a_place_keeps_one_key_for_a_drive():
    """The same again is fine, another one is refused: it would lock the drive out."""
    keys, key = MemoryKeys(), new_key()
    keys.put("S1", key)
    keys.put("S1", key)

    with pytest.raises(Rejected):
        keys.put("S1", new_key())
    assert keys.get("S1") == key


def test_a_drive_is_encrypted_once_and_its_key_is_kept(tmp_path):
    """Called twice it is the same key; locked by hand, it is opened again."""
    keys = MemoryKeys()
    volume, bitlocker = one_drive(tmp_path, keys)

    assert ensure_encrypted("S1", volume, bitlocker, keys) == ""
    key = keys.get("S1")
    bitlocker.lock(volume)
    assert bitlocker.state(volume) == "locked"
    ensure_encrypted("S1", volume, bitlocker, keys)
    assert (bitlocker.state(volume), keys.get("S1") == key) == ("unlocked", True)


def test_the_key_is_in_its_place_before_the_drive_is_encrypted(tmp_path):
    """Killed in between, the next try uses the kept key: no drive that nobody can open."""
    keys = MemoryKeys()
    volume, _ = one_drive(tmp_path, keys)

    class Dies(FolderBitLocker):
        def encrypt(self, root: Path, key: BitLockerKey) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ensure_encrypted("S1", volume, Dies(keys, {str(volume): "S1"}), keys)
    kept = keys.get("S1")
    ensure_encrypted("S1", volume, FolderBitLocker(keys, {str(volume): "S1"}), keys)
    assert keys.get("S1") == kept


def test_a_wrong_key_opens_nothing_and_a_lost_one_is_said_to_be_lost(tmp_path):
    """A locked drive without its key cannot be processed at the datacenter: format and prepare it again."""
    keys = MemoryKeys()
    volume, bitlocker = one_drive(tmp_path, keys)
    ensure_encrypted("S1", volume, bitlocker, keys)
    bitlocker.lock(volume)

    with pytest.raises(BitLockerFailed):
        bitlocker.unlock(volume, new_key())
    with pytest.raises(BitLockerFailed):
        ensure_encrypted("S1", volume, bitlocker, MemoryKeys({"S1": new_key()}))
    with pytest.raises(KeyMissing):
        ensure_encrypted("S1", volume, bitlocker, MemoryKeys())


class Windows:
    """Stands in for the commands of a Windows machine: keeps what was asked and given, answers like them."""

    def __init__(self, state: str = "Unlocked/FullyDecrypted", protectors: str = "", code: int = 0) -> None:
        self.asked: list[tuple[str, str]] = []
        self.state, self.protectors, self.code = state, protectors, code

    def __call__(self, command, given: str) -> Ran:
        line = " ".join(command)
        self.asked.append((line, given))
        if "Get-BitLockerVolume" in line:
            return Ran(0, self.state + "\r\n")
        if "Add-BitLockerKeyProtector" in line:
            self.state = "Unlocked/FullyEncrypted"
            self.protectors = f"Numerisches Kennwort:\r\n  ID: {{1}}\r\n  Kennwort:\r\n    {given}"
        return Ran(self.code, self.protectors if "-protectors -get" in line else "", TEXT)


def test_on_windows_no_key_ever_stands_on_a_command_line():
    """Command lines are recorded; keys go by standard input, and are read back in whatever language."""
    windows, keys = Windows(), MemoryKeys()
    ensure_encrypted("S1", Path("E:\\"), ManageBde(windows), keys)
    ManageBde(windows).unlock(Path("E:\\"), keys.get("S1"))
    ManageBde(windows).lock(Path("E:\\"))

    text = keys.get("S1").reveal()
    assert not any(text in line for line, _ in windows.asked)
    assert [given.strip() == text for line, given in windows.asked if "-RecoveryPassword $k" in line] == [True, True]
    assert any("manage-bde.exe -on E: -UsedSpaceOnly" in line for line, _ in windows.asked)


@pytest.mark.parametrize(("said", "state"), [("Locked/", "locked"), ("Unlocked/FullyDecrypted", "off"),
                                             ("Unlocked/EncryptionInProgress", "unlocked")])  # fmt: skip
def test_the_state_of_a_windows_volume_is_read_from_words_that_are_not_translated(said, state):
    """The module's enumeration names, not the console's text."""
    assert ManageBde(Windows(said)).state(Path("E:\\")) == state


def test_a_windows_volume_is_not_locked_before_it_is_encrypted_to_its_end():
    """Half of it would travel in clear."""
    windows = Windows("Unlocked/EncryptionInProgress")

    with pytest.raises(NotYet, match="not encrypted to its end"):
        ManageBde(windows).lock(Path("E:\\"))
    assert not any("-lock" in line for line, _ in windows.asked)


def test_a_windows_command_that_fails_never_repeats_its_output():
    """A key may stand in it."""
    with pytest.raises(BitLockerFailed) as failed:
        ManageBde(Windows("Unlocked/FullyEncrypted", code=1)).lock(Path("E:\\"))

    assert TEXT[:6] not in str(failed.value) + failed.value.next


@pytest.mark.parametrize("root", ["E:\\x", "/mnt", "E:'; Remove-Item C:\\", "EE:"])
def test_nothing_but_a_drive_letter_reaches_a_windows_command(root):
    """Paths come from what a machine says."""
    windows = Windows()

    with pytest.raises(BitLockerFailed):
        ManageBde(windows).state(Path(root))
    assert windows.asked == []


def _prepare_encrypted(bench: Bench, keys: MemoryKeys) -> list[str]:
    """Prepare as an office would, well and badly; return everything that was said on the way."""
    said = []
    roots = {str(bench.volume(serial)): serial for serial in bench.room}
    bitlocker = FolderBitLocker(keys, roots)
    for root, serial in roots.items():
        ensure_encrypted(serial, Path(root), bitlocker, keys)
    said.append(repr(bench.prepare()))
    for root in roots:
        bitlocker.lock(Path(root))
        for fails in (lambda root=root: bitlocker.unlock(Path(root), new_key()), bench.prepare):
            try:
                fails()
            except SeedingError as error:
                said += [repr(error), error.next, *traceback.format_exception(error)]
    return [*said, repr(bitlocker), repr(keys)]


def test_no_key_is_in_anything_that_is_written_or_said(fast):
    """The canary: drives, manifests, journals, `bitlocker.json`, results, errors, tracebacks; not a group of it."""
    keys = MemoryKeys({"S1": BitLockerKey(TEXT), "S2": BitLockerKey(TEXT)})
    bench = a_seed(fast, room={"S1": 8 << 20, "S2": 8 << 20})
    said = _prepare_encrypted(bench, keys)

    needles = [
        TEXT.encode(),
        TEXT.replace("-", "").encode(),
        TEXT.encode("utf-16-le"),
        *map(str.encode, TEXT.split("-")),
    ]
    seeds = (".AIBBlob", ".BaseBlob")
    written = [place for place in fast.rglob("*") if place.is_file() and not place.name.endswith(seeds)]
    assert {"DriveManifest.xml", "bitlocker.json"} <= {place.name for place in written}
    assert any(place.suffix == ".jsonl" for place in written)
    for place in written:
        raw = place.read_bytes()
        assert not [needle for needle in needles[:3] if needle in raw], place
    assert not [text for text in said for group in TEXT.split("-") if group in text]


def test_the_rehearsals_datacenter_can_check_a_key_without_knowing_ours(tmp_path):
    """The documented form of `bitlocker.json`: SHA-256 of the salt and the key's text."""
    import hashlib

    keys = MemoryKeys({"S1": BitLockerKey(TEXT)})
    volume, bitlocker = one_drive(tmp_path, keys)
    ensure_encrypted("S1", volume, bitlocker, keys)
    facts = json.loads((volume.parent / "bitlocker.json").read_text())

    assert facts["schema"] == "seeding.folder-bitlocker/1"
    assert facts["hash"] == hashlib.sha256(bytes.fromhex(facts["salt"]) + TEXT.encode()).hexdigest()
