"""Read the XML that Azure's device service leaves behind: copy logs, verbose logs and the device's file lists.

They are sequences of elements rather than documents: several roots, stray characters between them, sometimes cut
off. This reader takes what is there, expands nothing but the five entities of XML and numbers, and refuses a log
over LIMIT bytes. Sizes are bytes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tasks.media.crc64 import from_vendor
from tasks.media.faults import ManifestInvalid

LIMIT = 512 << 20


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One file or container that was not ingested as asked. `path` is as logged, with "/" between its parts."""

    path: str
    category: str
    error_code: str
    message: str
    type: str
    cloud_format: str = ""


@dataclass(frozen=True)
class CopyLog:
    """A copy log: its status word, the counts it gives (None when it gives none), every error or rename.

    `counts` are the newer summaries' numbers of errors by kind; `whole` is False for a log that was cut off.
    """

    status: str
    total_files: int | None
    errored: int | None
    entries: tuple[LogEntry, ...]
    counts: tuple[tuple[str, int, str], ...] = ()
    whole: bool = True

    @property
    def clean(self) -> bool:
        """True only for a log that says in so many words that everything was copied as asked."""
        said_so = self.status.casefold() in ("succeeded", "completed")
        return (
            self.whole and said_so and self.errored == 0 and not self.entries and not any(n for _, n, _ in self.counts)
        )


@dataclass(frozen=True, slots=True)
class LoggedFile:
    """One file of a verbose log: its blob as `container/name`, size in bytes, CRC-64, and `block` or `page`."""

    path: str
    size: int | None
    crc64: int | None
    cloud_format: str


@dataclass(frozen=True, slots=True)
class BomLine:
    """One file of the device's own list: `container/name`, size in bytes, CRC-64 (None when missing), error code."""

    path: str
    size: int | None
    crc64: int | None
    error: str = ""


def parse_copy_log(data: bytes) -> CopyLog:
    """Read a copy log of any known version. Raises ManifestInvalid when it holds no element at all."""
    status, total, errored = "", None, None
    rows: list[LogEntry] = []
    counts: list[tuple[str, int, str]] = []
    whole = True
    for node in _elements(data):
        whole = whole and not node.cut
        match node.name:
            case "Status" if node.parent in ("CopyLog", "Session", "DriveLog", "Summary", ""):
                status = status or node.text
            case "TotalFiles" | "TotalFiles_Blobs":
                total = _whole(node.text)
            case "FilesErrored":
                errored = _whole(node.text)
            case "ErroredEntity":
                rows.append(_errored(node))
            case "Blob" if node.attributes.get("Status", "Completed") != "Completed":
                rows.append(_drive_log_blob(node))
            case _ if "Count" in node.attributes and node.name not in ("None", "Completed"):
                what = node.attributes.get("Description", "")
                counts.append((node.name, _whole(node.attributes["Count"]) or 0, what))
    if errored is None and whole and status:
        errored = len(rows)
    return CopyLog(status, total, errored, tuple(rows), tuple(counts), whole)


def parse_verbose_log(data: bytes) -> tuple[LoggedFile, ...]:
    """Read the files of a verbose log."""
    return tuple(
        LoggedFile(
            _slashes(node.attributes.get("Path", "") or node.text),
            _whole(node.attributes.get("Size", "")),
            from_vendor(node.attributes.get("crc64", "")),
            _blob_type(node.attributes.get("CloudFormat", "")),
        )
        for node in _elements(data)
        if node.name == "File" and ("Path" in node.attributes or node.text)
    )


def parse_bom(data: bytes) -> tuple[BomLine, ...]:
    """Read a device's list of files (BOM), or its list of files in error."""
    return tuple(
        BomLine(
            _slashes(_bom_name(node)),
            _whole(node.attributes.get("size", "")),
            from_vendor(node.attributes.get("crc64", "")),
            node.attributes.get("error", ""),
        )
        for node in _elements(data)
        if node.name == "file"
    )


def _errored(node: _Node) -> LogEntry:
    inside = node.inside
    return LogEntry(
        _slashes(node.attributes.get("Path", inside.get("Path", ""))),
        inside.get("Category", ""),
        inside.get("ErrorCode", ""),
        inside.get("ErrorMessage", ""),
        inside.get("Type", "File"),
        node.attributes.get("CloudFormat", ""),
    )


def _drive_log_blob(node: _Node) -> LogEntry:
    inside = node.inside
    path = _slashes(inside.get("BlobPath", inside.get("FilePath", "")))
    return LogEntry(path, node.attributes["Status"], "", inside.get("Status", node.attributes["Status"]), "File")


def _bom_name(node: _Node) -> str:
    if node.attributes.get("name_encoding", "").casefold() != "base64":
        return node.text
    try:
        raw = base64.b64decode(node.text, validate=True)
    except (ValueError, binascii.Error):
        return node.text
    wide = raw[1::2].count(0) > len(raw) // 4
    return raw.decode("utf-16-le" if wide else "utf-8", "replace")


def _slashes(path: str) -> str:
    return path.replace("\\", "/").strip("/")


def _blob_type(word: str) -> str:
    low = word.casefold()
    return "page" if "page" in low else "block" if "block" in low else low


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


# -- the tolerant reader


@dataclass
class _Node:
    name: str
    attributes: dict[str, str]
    parent: str
    parts: list[str] = field(default_factory=list)
    text: str = ""
    inside: dict[str, str] = field(default_factory=dict)
    cut: bool = False


# Possessive, so that no text makes it try twice; what is quoted to an end far away is found in `_tokens`, once.
_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z_][\w.:-]*+)"
    r"(?P<attributes>(?:\s++[^\s=<>/]++\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'))*+)\s*+(?P<empty>/?)>"
)
_SPANS = {"<!--": "-->", "<?": "?>", "<![CDATA[": "]]>", "<!": ">"}
_ATTRIBUTE = re.compile(r"([^\s=<>/]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_ENTITY = re.compile(r"&(lt|gt|amp|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});")
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_DEEPEST = 64


def _elements(data: bytes) -> Iterator[_Node]:
    """Yield every element when it closes, innermost first. Elements never closed are yielded at the end."""
    if len(data) > LIMIT:
        raise ManifestInvalid(f"the log has {len(data):,} bytes, {LIMIT:,} are read at most")
    text = _decoded(data)
    open_nodes: list[_Node] = []
    seen = False
    for before, quoted, tag in _tokens(text):
        if open_nodes:
            open_nodes[-1].parts += (_plain(before), quoted)
        if tag is None:
            continue
        seen = True
        name = tag["name"].rpartition(":")[2]
        if tag["close"]:
            yield from _closed(open_nodes, name)
        else:
            open_nodes.append(_Node(name, _attributes(tag["attributes"]), open_nodes[-1].name if open_nodes else ""))
            if tag["empty"] or len(open_nodes) > _DEEPEST:
                yield from _closed(open_nodes, name)
    if not seen:
        raise ManifestInvalid("the log holds no XML element at all")
    for node in open_nodes:
        node.cut = True
    while open_nodes:
        yield from _closed(open_nodes, open_nodes[-1].name)


def _tokens(text: str) -> Iterator[tuple[str, str, re.Match[str] | None]]:
    """Yield what stands before each piece of markup, the text a CDATA section quotes, and the tag it is (or None).

    Reads the text once: where one kind of span has no end any more, its openings are plain text from then on.
    """
    at, look, endless = 0, 0, set[str]()
    while (here := text.find("<", look)) >= 0:
        opening = next((one for one in _SPANS if text.startswith(one, here)), "")
        if opening and opening not in endless:
            end = text.find(_SPANS[opening], here + len(opening))
            if end >= 0:
                quoted = text[here + len(opening) : end] if opening == "<![CDATA[" else ""
                yield text[at:here], quoted, None
                at = look = end + len(_SPANS[opening])
                continue
            endless.add(opening)
        tag = None if opening else _TAG.match(text, here)
        if tag:
            yield text[at:here], "", tag
            at = look = tag.end()
        else:
            look = here + 1


def _closed(open_nodes: list[_Node], name: str) -> Iterator[_Node]:
    """Close the innermost open element of that name, and those forgotten inside it; ignore a stray closing tag."""
    if all(node.name != name for node in open_nodes):
        return
    while True:
        node = open_nodes.pop()
        node.text = "".join(node.parts).strip()
        if open_nodes:
            open_nodes[-1].inside.setdefault(node.name, node.text)
        yield node
        if node.name == name:
            return


def _attributes(text: str) -> dict[str, str]:
    return {m[1].rpartition(":")[2]: _plain(m[2] if m[2] is not None else m[3]) for m in _ATTRIBUTE.finditer(text)}


def _plain(text: str) -> str:
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(entity: re.Match[str]) -> str:
    word = entity[1]
    if word in _NAMED:
        return _NAMED[word]
    code = int(word[2:], 16) if word[1] == "x" else int(word[1:])
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if data[:200].count(0) > 20:
        return data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", "replace")
    return data.decode("utf-8-sig", "replace")
