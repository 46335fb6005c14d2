"""The kinds of value an inventory holds. Each turns a text of the file into a value, or says what is wrong with it."""

from __future__ import annotations

import re
import zoneinfo
from typing import Any

from deploy.data import countries, country_mistakes
from deploy.inventory.keys import Scalar, Wrong
from deploy.inventory.problems import nearest
from states.sizes import NotASize, parse_share, parse_size
from tasks.secret_places import HELP, PATTERN

SIZE_HELP = "write a size like `1.5 TiB` (2^40 bytes), `800 GB` (10^9 bytes), or bytes as a whole number"
_WINDOWS_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_EITHER = ["string", "integer"]  # what a YAML editor takes digits for


def matching(pattern: str, what: str, next: str, json_type: Any = "string") -> Scalar:
    """Return the kind of a text that has that shape from end to end; editors see *json_type*."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text, re.ASCII):
            raise Wrong(what, next)
        return text

    return Scalar(parse, json_type, pattern=f"^(?:{pattern})$")


def number(above: float, most: float) -> Scalar:
    """Return the kind of a number greater than *above* and at most *most*; it comes out as a float."""

    def parse(text: str) -> float:
        if not re.fullmatch(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?", text.strip(), re.ASCII):
            raise Wrong("is no number", "write digits, with a point for decimals")
        if not above < float(text) <= most:
            raise Wrong("is out of range", f"write a number above {above:g} and up to {most:,.0f}")
        return float(text)

    return Scalar(parse, "number", exclusiveMinimum=above, maximum=most)


def _text(text: str) -> str:
    if not text.strip():
        raise Wrong("is empty", "write something, or leave the key out")
    return text


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except NotASize as wrong:
        raise Wrong(str(wrong), SIZE_HELP) from None


def _share(text: str) -> str:
    try:
        parse_share(text, of_bytes=0)
    except NotASize as wrong:
        raise Wrong(str(wrong), f"{SIZE_HELP}, or a percentage of the item like `2 %`") from None
    return text


def _country(text: str) -> str:
    code = text.upper()
    if code in countries():
        return code
    by_name = {name: code for code, name in countries().items()}
    meant = country_mistakes().get(code) or by_name.get(nearest(text, by_name), "")
    next = f"write `{meant}`" if meant else "write the two letters of ISO 3166-1, for example `AU` or `FR`"
    raise Wrong("is no country code", next)


def _time_zone(text: str) -> str:
    try:
        return zoneinfo.ZoneInfo(text).key
    except (KeyError, ValueError, OSError):  # an unknown zone is a KeyError; a path or a folder the other two
        pass
    known = zoneinfo.available_timezones()
    by_city = {zone.rpartition("/")[2]: zone for zone in sorted(known)}
    meant = nearest(text, known) or by_city.get(nearest(text, by_city), "")
    example = f"did you mean `{meant}`?" if meant else "for example `Europe/Paris`"
    raise Wrong("is no time zone of the IANA list", f"write Area/City: {example}")


def _region(text: str) -> str:
    name = text.replace(" ", "").casefold()
    if not re.fullmatch(r"[a-z]{3,30}[0-9]?", name):
        raise Wrong("is no Azure region", "write its name, for example `australiaeast`")
    return name


def _file_name(text: str) -> str:
    what = None
    if re.search(r'[<>:"/\\|?*]', text):
        what = 'holds one of < > : " / \\ | ? *'
    elif not text or text != text.strip() or text.endswith("."):
        what = "is empty, starts or ends with a space, or ends with a point"
    elif _WINDOWS_DEVICES.fullmatch(text):
        what = "is a device name on Windows"
    elif len(text) > 100:
        what = f"has {len(text)} characters"
    if what:
        raise Wrong(what, "choose another, up to 100 characters: its folder on the device bears this name")
    return text


def _office_id(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", text, re.ASCII) or not 2 <= len(text) <= 40:
        slug = re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-0123456789")[:40].strip("-")
        next = f"write `{slug}`" if len(slug) > 1 else "write 2 to 40 of a-z, 0-9 and single hyphens, a letter first"
        raise Wrong("is no office id", next)
    if _WINDOWS_DEVICES.fullmatch(text):
        raise Wrong("is a device name on Windows", f"write `{text}-office`")
    return text


def _device_path(text: str) -> str:
    rest = text.replace("{serial}", "")
    if "{" in rest or "}" in rest:
        raise Wrong("holds a placeholder other than {serial}", "use only `{serial}`, or none")
    if ".." in re.split(r"[/\\]", text):
        raise Wrong("climbs out of its folder (..)", "write the path without `..`")
    return _text(text)


def _cron(text: str) -> str:
    fields = text.split()
    bounds = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    if len(fields) != 5 or not all(_cron_field(f, low, high) for f, (low, high) in zip(fields, bounds, strict=True)):
        next = "write minute, hour, day, month and weekday as numbers, for example `*/30 * * * *` (every half hour)"
        raise Wrong("is no cron schedule", next)
    return text


def _cron_field(field: str, low: int, high: int) -> bool:
    for part in field.split(","):
        found = re.fullmatch(r"(\*|([0-9]{1,2})(?:-([0-9]{1,2}))?)(?:/([1-9][0-9]?))?", part, re.ASCII)
        if not found:
            return False
        first, last = found.group(2), found.group(3)
        if first and not (low <= int(first) <= int(last or first) <= high):
            return False
    return True


TEXT = Scalar(_text, minLength=1)
POSTAL_CODE = Scalar(_text, _EITHER)
SIZE = Scalar(_size, _EITHER, examples=["1.5 TiB", "800 GB"])
SHARE = Scalar(_share, _EITHER, examples=["2 GiB", "2 %"])
COUNTRY = Scalar(_country, pattern="^[A-Za-z]{2}$", examples=["AU", "FR"])
TIME_ZONE = Scalar(_time_zone, examples=["Australia/Sydney", "Europe/Paris"])
REGION = Scalar(_region, examples=["australiaeast", "francecentral"])
FILE_NAME = Scalar(_file_name, minLength=1, maxLength=100)
OFFICE_ID = Scalar(_office_id, pattern="^[a-z][a-z0-9]*(-[a-z0-9]+)*$", minLength=2, maxLength=40)
DEVICE_PATH = Scalar(_device_path, minLength=1)
CRON = Scalar(_cron, examples=["*/30 * * * *"])
MBPS = number(above=0, most=1_000_000)
MONEY = number(above=0, most=1_000_000_000)
UUID = matching(
    r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "is no UUID",
    "copy it from the Azure portal: 8-4-4-4-12 hexadecimal digits",
)
ENV_NAME = matching(
    r"[A-Z][A-Z0-9_]{0,99}",
    "is no name of an environment variable",
    "write the variable's name in capitals, for example `AZURE_CLIENT_SECRET`, never its value",
)
EMAIL = matching(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
    "is no e-mail address",
    "write a group mailbox, for example `backup@contoso.example`",
)
PHONE = matching(
    r"\+?[0-9][0-9 ().-]{4,24}",
    "is no telephone number",
    "write it with the country's code, for example `+61 2 5550 0100`",
    json_type=_EITHER,
)
RESOURCE_GROUP = matching(
    r"[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]",
    "is no name of a resource group",
    "use up to 90 letters, digits, `_ ( ) . -`, no point at the end",
)
VAULT_NAME = matching(
    r"[A-Za-z][A-Za-z0-9-]{1,49}",
    "is no name of a Recovery Services vault",
    "use 2 to 50 letters, digits and hyphens, a letter first",
)
HOST_NAME = matching(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?",
    "is no host name",
    "write the server's name as the vault shows it, for example `SYD-DPM01`",
)
HOURS = matching(
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:[01][0-9]|2[0-3]):[0-5][0-9]",
    "is no span of hours",
    "write `20:00-06:00`, in the office's own time",
)
BLOCK = matching(
    r"[a-z0-9-]{1,60}/[a-z0-9-]{1,60}",
    "is no block of Prefect",
    "write its type and name, for example `slack-webhook/backup-team`",
)
CURRENCY = matching(r"[A-Z]{3}", "is no currency", "write three letters of ISO 4217, for example `EUR`")
SERIAL = matching(
    r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}",
    "is no serial number of a drive",
    "copy it from the drive's label",
    json_type=_EITHER,
)
KEY_PLACE = matching(PATTERN, "names no place of keys", f"{HELP}; `{{serial}}` stands for the drive")
SECRET_PLACE = matching(f"(?!.*\\{{serial\\}})(?!.*[.][a-z]+/?$)(?:{PATTERN})", "names no place of a secret", HELP)


def _sector(text: str) -> int:
    if text not in ("512", "4096"):
        raise Wrong("is no sector size", "write 512 or 4096, the logical sector size in bytes")
    return int(text)


def _yes_no(text: str) -> bool:
    if text.casefold() not in ("true", "false"):
        raise Wrong("is neither true nor false", "write `true` or `false`")
    return text.casefold() == "true"


SECTOR = Scalar(_sector, "integer", enum=[512, 4096])
YES_NO = Scalar(_yes_no, "boolean")
