"""The kinds of value an inventory holds. Each turns the text of the file into a value, or says what is wrong with it.

Every refusal is a PydanticCustomError with `what` (a sentence without its subject) and `next` (what to type instead).
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from deploy.data import countries, country_mistakes
from deploy.inventory.problems import nearest, shown
from states.sizes import NotASize, parse_share, parse_size

SIZE_HELP = "write a size like `1.5 TiB` (2^40 bytes), `800 GB` (10^9 bytes), or bytes as a whole number"
_WINDOWS_DEVICES = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")


def refuse(what: str, next: str, code: str = "bad-value") -> PydanticCustomError:
    """Return the error that says *what* is wrong with a value, and *next* what to write instead."""
    return PydanticCustomError(code, "{what}", {"what": what, "next": next})


def matching(pattern: str, what: str, next: str, json_type: Any = "string") -> Any:
    """Return the type of a text that has that shape from end to end; editors see *json_type*."""
    shape = re.compile(pattern, re.ASCII)

    def check(text: str) -> str:
        if not shape.fullmatch(text):
            raise refuse(f"{shown(text)} {what}", next)
        return text

    return Annotated[str, AfterValidator(check), _schema(json_type, pattern=f"^(?:{pattern})$")]


def _text(text: str) -> str:
    if not text.strip():
        raise refuse("is empty", "write something, or leave the key out")
    return text


def _as_word(value: Any) -> Any:
    return value.strip().casefold() if isinstance(value, str) else value


def _size(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return parse_size(value)
    except NotASize as wrong:
        raise refuse(f"{shown(value)} {wrong}", SIZE_HELP) from None


def _share(text: str) -> str:
    try:
        parse_share(text, of_bytes=0)
    except NotASize as wrong:
        raise refuse(f"{shown(text)} {wrong}", f"{SIZE_HELP}, or a percentage of the item like `2 %`") from None
    return text


def _country(text: str) -> str:
    code = text.upper()
    if code in countries():
        return code
    meant = country_mistakes().get(code) or _country_named(text)
    next = f"write `{meant}`" if meant else "write the two letters of ISO 3166-1, for example `AU` or `FR`"
    raise refuse(f"{shown(text)} is no country code", next)


def _country_named(text: str) -> str:
    by_name = {name: code for code, name in countries().items()}
    return by_name.get(nearest(text, by_name), "")


def _time_zone(text: str) -> str:
    try:
        zoneinfo.ZoneInfo(text)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        pass
    except KeyError:
        pass
    else:
        return text
    known = zoneinfo.available_timezones()
    by_city = {zone.rpartition("/")[2]: zone for zone in sorted(known)}
    meant = nearest(text, known) or by_city.get(nearest(text, by_city), "")
    example = f"did you mean `{meant}`?" if meant else "for example `Europe/Paris`"
    raise refuse(f"{shown(text)} is no time zone of the IANA list", f"write Area/City: {example}")


def _region(text: str) -> str:
    name = text.replace(" ", "").casefold()
    if not re.fullmatch(r"[a-z]{3,30}[0-9]?", name):
        raise refuse(f"{shown(text)} is no Azure region", "write its name, for example `australiaeast`")
    return name


def _file_name(text: str) -> str:
    what = None
    if re.search(r'[<>:"/\\|?*]', text):
        what = 'holds one of < > : " / \\ | ? *'
    elif text != text.strip() or text.endswith("."):
        what = "starts or ends with a space, or ends with a point"
    elif _WINDOWS_DEVICES.fullmatch(text):
        what = "is a device name on Windows"
    elif len(text) > 100:
        what = f"has {len(text)} characters"
    if what:
        raise refuse(
            f"{shown(text)} {what}", "its folder on the device bears this name: choose another, up to 100 characters"
        )
    return text


def _office_id(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", text, re.ASCII) or not 2 <= len(text) <= 40:
        slug = re.sub(r"[^a-z0-9]+", "-", text.casefold()).strip("-0123456789")[:40].strip("-")
        next = f"write `{slug}`" if len(slug) > 1 else "write 2 to 40 of a-z, 0-9 and single hyphens, a letter first"
        raise refuse(f"{shown(text)} is no office id", next)
    if _WINDOWS_DEVICES.fullmatch(text):
        raise refuse(f"{shown(text)} is a device name on Windows", f"write `{text}-office`")
    return text


def _device_path(text: str) -> str:
    rest = text.replace("{serial}", "")
    if "{" in rest or "}" in rest:
        raise refuse(f"{shown(text)} holds a placeholder other than {{serial}}", "use only `{serial}`, or none")
    if ".." in re.split(r"[/\\]", text):
        raise refuse(f"{shown(text)} climbs out of its folder (..)", "write the path without `..`")
    return text


def _cron(text: str) -> str:
    fields = text.split()
    bounds = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    if len(fields) != 5 or not all(_cron_field(f, low, high) for f, (low, high) in zip(fields, bounds, strict=True)):
        next = "write minute, hour, day, month and weekday as numbers, for example `*/30 * * * *` (every half hour)"
        raise refuse(f"{shown(text)} is no cron schedule", next)
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


def _listed(value: Any) -> Any:
    if isinstance(value, str):
        raise refuse(
            "is one text, not a list",
            f"write it as a list, for example `[{value.split()[0] if value.split() else ''}, …]`",
        )
    return value


def _schema(type_: Any, **rest: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": type_, **rest})


def _field(check: Callable[[Any], Any], **schema: Any) -> Any:
    return Annotated[str, AfterValidator(check), _schema("string", **schema)]


Text = _field(_text, minLength=1)
NumberLikeText = Annotated[str, AfterValidator(_text), _schema(["string", "integer"])]  # postal codes, phone numbers
Bytes = Annotated[int, BeforeValidator(_size), _schema(["string", "integer"], examples=["1.5 TiB", "800 GB"])]
Share = Annotated[str, AfterValidator(_share), _schema(["string", "integer"], examples=["2 GiB", "2 %"])]
Country = _field(_country, pattern="^[A-Za-z]{2}$", examples=["AU", "FR"])
TimeZone = _field(_time_zone, examples=["Australia/Sydney", "Europe/Paris"])
Region = _field(_region, examples=["australiaeast", "francecentral"])
FileName = Annotated[Text, AfterValidator(_file_name)]
OfficeId = _field(_office_id, pattern="^[a-z][a-z0-9]*(-[a-z0-9]+)*$", minLength=2, maxLength=40)
DevicePath = Annotated[Text, AfterValidator(_device_path)]
Cron = _field(_cron, examples=["*/30 * * * *"])
Word = BeforeValidator(_as_word)
Listed = BeforeValidator(_listed)
Uuid = matching(
    r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "is no UUID",
    "copy it from the Azure portal: 8-4-4-4-12 hexadecimal digits",
)
EnvName = matching(
    r"[A-Z][A-Z0-9_]{0,99}",
    "is no name of an environment variable",
    "write the variable's name in capitals, for example `AZURE_CLIENT_SECRET`, never its value",
)
Email = matching(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}",
    "is no e-mail address",
    "write a group mailbox, for example `backup@contoso.example`",
)
Phone = matching(
    r"\+?[0-9][0-9 ().-]{4,24}",
    "is no telephone number",
    "write it with the country's code, for example `+61 2 5550 0100`",
    json_type=["string", "integer"],
)
ResourceGroup = matching(
    r"[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]",
    "is no name of a resource group",
    "use up to 90 letters, digits, `_ ( ) . -`, no point at the end",
)
VaultName = matching(
    r"[A-Za-z][A-Za-z0-9-]{1,49}",
    "is no name of a Recovery Services vault",
    "use 2 to 50 letters, digits and hyphens, a letter first",
)
HostName = matching(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?",
    "is no host name",
    "write the server's name as the vault shows it, for example `SYD-DPM01`",
)
Hours = matching(
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:[01][0-9]|2[0-3]):[0-5][0-9]",
    "is no span of hours",
    "write `20:00-06:00`, in the office's own time",
)
Currency = matching(r"[A-Z]{3}", "is no currency", "write three letters of ISO 4217, for example `EUR`")
