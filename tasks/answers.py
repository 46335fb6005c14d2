"""What people tell a run, one function per answer: the command line and the Prefect forms call the same ones.

Every answer is a journal line with the person's name as its actor. Refusals raise `Refused` (guards) or InvalidInput.
"""

from __future__ import annotations

import re

from states.conditions import row_of
from states.facts import Delivered, DevicesNamed, DrivesReserved, FormatAllowed, HandedOver, Prepared
from states.guards import the_office_confirmed_the_planned_device
from states.interlock import reasons_to_keep
from states.lifecycle import MILESTONES
from states.lines import Draft
from states.own_disk import the_gate_lets_in
from states.refused import Refused
from states.release import CloseApproved, SampleDrawn, SampleRestored
from states.run import Run
from states.settle import Outcome, cleared, moved
from tasks.errors import InvalidInput
from tasks.journal import Logbook
from tasks.parcels import holders, taken
from tasks.restore_sample import differing


def delivered(book: Logbook, serial: str, by: str, *, intact: bool = True) -> Run:
    """Record that the device is at the office, with the serial number on its label.

    Raises Refused when Azure named other devices. The label is on record all the same: the next look asks Azure again.
    """
    _while(book.run, "confirm the delivery", "ordered")
    told, named = Delivered(_given(serial, "a serial number"), by, intact), book.run.get(DevicesNamed)
    foreign = named is not None and told.serial not in named.serials
    raised = () if intact or foreign else (("device-damaged", f"device {told.serial}, reported by {by}"),)
    run = book.settle(Outcome("record", (told,), raised))
    if foreign and (reason := the_office_confirmed_the_planned_device(run)):
        raise Refused(run.run_id, run.state, "deliver", (reason,))
    return run


def prepared(book: Logbook, by: str, reference: str = "") -> Run:
    """Record that Prepare to ship ended well, or that the disks were removed safely."""
    _while(book.run, "confirm that it is ready to ship", "delivered")
    return book.settle(Outcome("record", (Prepared(by, reference),)))


def handed_over(book: Logbook, by: str, carrier: str, tracking: str = "", gate_code: str = "") -> Run:
    """Record that the carrier took the device.

    Own drives: raises Refused when another job has that number, or without what the datacenter's gate wants.
    """
    run = book.run
    _while(run, "confirm the hand-over", "copied")
    handed = HandedOver(by, _given(carrier, "a carrier"), tracking.strip(), gate_code.strip())
    if run.plan.mode == "own-disk":
        _given(tracking, "the parcel's tracking number")
        whose = () if "parcel-number-taken" in run.waivers else holders(book, handed)
        reasons = [taken(handed, whose) if whose else None, the_gate_lets_in(run, handed.gate_code)]
        if against := tuple(reason for reason in reasons if reason):
            raise Refused(run.run_id, run.state, "hand-over", against)
    return book.settle(Outcome("record", (handed,)))


def attached(book: Logbook, serials: tuple[str, ...], by: str) -> Run:
    """Record that these drives are attached and may be formatted. Raises Refused for one that is not allocated."""
    _while(book.run, "allow drives to be formatted", "ordered")
    reserved = book.run.get(DrivesReserved)
    foreign = sorted(set(serials) - set(reserved.serials if reserved else ()))
    if foreign or not serials:
        named = ", ".join(foreign) or "no drive"
        planned = ", ".join(reserved.serials) if reserved else "none"
        reason = f"{named} is not allocated to this run ({planned}); nothing else may be formatted"
        raise Refused(book.run.run_id, book.run.state, "attach", (reason,))
    return book.settle(Outcome("record", (FormatAllowed(serials, by),)))


def approve_close(book: Logbook, by: str) -> Run:
    """Record that the left-overs may be released. Raises Refused with every reason against it."""
    if reasons := reasons_to_keep(book.run):
        raise Refused(book.run.run_id, book.run.state, "release", reasons)
    return book.settle(Outcome("record", (CloseApproved(by),)))


def restored(book: Logbook, hashes: dict[str, str], by: str) -> Run:
    """Record SHA-256 hashes of files restored from the vault, by `item/path`. A hash that differs blocks the run.

    Raises Refused while no sample was drawn, InvalidInput for a file that is not in it or what is no hash.
    """
    run = book.run
    sample, seen = run.get(SampleDrawn), run.get(SampleRestored)
    if sample is None or run.plan.agent == "files":
        raise Refused(run.run_id, run.state, "record a restore", ("no sample was drawn for a restore by hand",))
    wanted = {file.name: file.digest for file in sample.files}
    for name, given in hashes.items():
        if name not in wanted:
            raise InvalidInput(f"{name} is not in the sample", next=f"seeding explain {run.run_id} names its files")
        if not re.fullmatch(r"[0-9A-Fa-f]{64}", given):
            raise InvalidInput(f"the hash of {name} is no SHA-256: 64 hexadecimal digits", next="use Get-FileHash")
    equal = {name for name, given in hashes.items() if wanted[name] == f"sha256:{given.lower()}"}
    good = ({*seen.good} if seen else set()) - set(hashes) | equal
    wrong = ({*seen.wrong} if seen else set()) - set(hashes) | (set(hashes) - equal)
    now = SampleRestored(len(sample.files), sample.of_files, tuple(sorted(good)), tuple(sorted(wrong)), by)
    # In the name of the verb that asked: it clears its own question once every file is recorded and equal.
    asked = (
        ()
        if len(good) == now.drawn
        else tuple((code, raised.detail) for code, raised in run.conditions.items() if code == "restore-by-hand")
    )
    return book.settle(Outcome("record", (now,), (*differing(now), *asked), source="restore-sample"))


def hold(book: Logbook, reason: str) -> Run:
    """Stop the run where it is: looks go on, nothing is done."""
    _not_over(book.run, "hold")
    if "held" in book.run.conditions:
        return book.run
    return book.write(Draft("condition-raised", {"code": "held", "detail": reason, "by": "operator"}))


def resume(book: Logbook, reason: str = "") -> Run:
    """Clear a hold and every blocking condition, and try again: the guards decide anew. Warnings stay."""
    _not_over(book.run, "resume")
    blocks = [code for code in sorted(book.run.conditions) if row_of(code).severity == "blocks"]
    drafts = cleared(book.run, blocks, reason or "an operator asked to try again")
    if drafts:
        book.write(*drafts)
    book.looked.clear()
    book.leave(None)
    return book.advance()


def waive(book: Logbook, code: str, reason: str) -> Run:
    """Record that a standing condition shall not stop this run. The guards on evidence stay as they are."""
    if code not in book.run.conditions:
        raise InvalidInput(f"{book.run.run_id} has no condition {code}", next=f"seeding explain {book.run.run_id}")
    book.write(Draft("waiver", {"code": code, "reason": _given(reason, "a reason")}))
    return book.advance()


def reorder(book: Logbook, reason: str) -> Run:
    """Go back to `planned` with the next attempt: the device is lost, damaged or only partly ingested."""
    return book.commit(moved(book.run, "reorder", _given(reason, "a reason"), book.now(), book.actor))


def reopen(book: Logbook, reason: str) -> Run:
    """Go back from `copied` to `delivered`: something must be copied again before the device leaves."""
    return book.commit(moved(book.run, "reopen", _given(reason, "a reason"), book.now(), book.actor))


def abandon(book: Logbook, reason: str) -> Run:
    """Give the run up. What is in Azure stays as it is."""
    return book.commit(moved(book.run, "abandon", _given(reason, "a reason"), book.now(), book.actor))


def _while(run: Run, what: str, *states: str) -> None:
    if run.state not in states:
        raise Refused(run.run_id, run.state, what, (f"it can be done only while the run is {' or '.join(states)}",))


def _not_over(run: Run, what: str) -> None:
    if run.state not in MILESTONES[:-1]:
        raise Refused(run.run_id, run.state, what, ("this run is over",))


def _given(text: str, what: str) -> str:
    if not text.strip():
        raise InvalidInput(f"{what} is needed", next="give it and try again")
    return text.strip()
