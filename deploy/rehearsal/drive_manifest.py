"""The datacenter's own reader of a drive manifest: strict, and written from the published form alone.

What is not in the form is refused: document types, entities, unknown elements or attributes, another order. A
credential may be missing, because an order names its storage account, but there are never two. Sizes are bytes.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat  # document types, and so all entities of their own, are refused below

PAGE_BYTES = 512
LONGEST_RANGE = 4 * 1024 * 1024
MOST_BLOCKS = 50_000
DEEPEST = 8
VERSION = re.compile(r"2011-\d\d-\d\d|2014-11-01")
MD5 = re.compile(r"[0-9A-Fa-f]{32}")
NUMBER = re.compile(r"\d{1,15}", re.ASCII)
BLOB_PARTS = ("BlobPath", "FilePath", "ClientData", "Snapshot", "Length", "ImportDisposition", "PageRangeList",
              "BlockList")  # fmt: skip
DISPOSITIONS = ("rename", "no-overwrite", "overwrite")
ONCE_ONLY = ("StorageAccountKey", "ContainerSas", "ClientCreator")


class ManifestRefused(Exception):
    """The manifest is not in the documented form; the message says where."""


@dataclass(frozen=True)
class Piece:
    """A page range or a block: where it lies in file and blob, and the MD5 it must have, in upper-case hex."""

    offset: int
    length: int
    md5: str
    block_id: str = ""


@dataclass(frozen=True)
class DriveBlob:
    """One blob of the manifest; `file` is relative to the volume, with slashes."""

    container: str
    name: str
    file: str
    length: int
    disposition: str
    pages: bool
    pieces: tuple[Piece, ...]

    @property
    def path(self) -> str:
        """The blob's path, container first."""
        return f"{self.container}/{self.name}"


@dataclass(frozen=True)
class DriveManifest:
    """A whole manifest: the serial of the drive it is of, and its blobs."""

    drive_id: str
    blobs: tuple[DriveBlob, ...]


@dataclass
class _Element:
    name: str
    attributes: dict[str, str]
    children: list[_Element] = field(default_factory=list)
    text: str = ""


def read(data: bytes) -> DriveManifest:
    """Return the manifest in *data*. Raises ManifestRefused, which never repeats a credential."""
    root = _tree(data)
    if root.name != "DriveManifest" or set(root.attributes) != {"Version"}:
        _refuse("the root is not DriveManifest with a Version")
    if not VERSION.fullmatch(root.attributes["Version"]):
        _refuse("the version is not known")
    (drive,) = _only(root, "Drive")
    if drive.attributes or drive.text.strip():
        _refuse("Drive has attributes or text of its own")
    first, *rest = drive.children or [_Element("", {})]
    if first.name != "DriveId" or not _text(first):
        _refuse("DriveId does not come first")
    names = [child.name for child in rest]
    head = [name for name in names if name != "BlobList"]
    if names != [*head, *["BlobList"] * (len(names) - len(head))] or len(names) == len(head):
        _refuse("Drive does not end in its BlobLists")
    if not set(head) <= set(ONCE_ONLY) or len(set(head)) != len(head) or set(ONCE_ONLY[:2]) <= set(head):
        _refuse("Drive has unknown, repeated or contradicting elements")
    for child in rest[: len(head)]:
        _text(child)
    blobs = tuple(_blob(child) for listed in rest[len(head) :] for child in _listed(listed))
    if len({blob.path for blob in blobs}) != len(blobs):
        _refuse("a blob is named twice")
    return DriveManifest(_text(first), blobs)


def _listed(blob_list: _Element) -> list[_Element]:
    if not set(blob_list.attributes) <= {"Id"}:
        _refuse("BlobList has unknown attributes")
    if any(child.name in ("MetadataPath", "PropertiesPath") for child in blob_list.children):
        _refuse("metadata and properties files cannot be rehearsed")
    return _only(blob_list, "Blob", exactly_one=False)


def _blob(element: _Element) -> DriveBlob:
    parts = {child.name: child for child in element.children}
    if [child.name for child in element.children] != [name for name in BLOB_PARTS if name in parts]:
        _refuse("Blob has unknown, repeated or misplaced elements")
    if element.attributes or element.text.strip() or not {"BlobPath", "FilePath", "Length"} <= set(parts):
        _refuse("Blob lacks BlobPath, FilePath or Length, or has text of its own")
    if ("PageRangeList" in parts) == ("BlockList" in parts):
        _refuse("Blob needs either a PageRangeList or a BlockList")
    length = _number(_text(parts["Length"]))
    disposition = _text(parts["ImportDisposition"]) if "ImportDisposition" in parts else "rename"
    if disposition not in DISPOSITIONS:
        _refuse("the import disposition is not known")
    container, slash, name = _text(parts["BlobPath"]).partition("/")
    if not slash or not container or not name:
        _refuse("BlobPath has no container")
    pages = "PageRangeList" in parts
    pieces = _page_ranges(parts["PageRangeList"], length) if pages else _blocks(parts["BlockList"], length)
    return DriveBlob(container, name, _file(_text(parts["FilePath"])), length, disposition, pages, pieces)


def _file(path: str) -> str:
    parts = path.replace("\\", "/").split("/")
    if parts[0] or len(parts) < 2 or not all(part not in ("", ".", "..") and ":" not in part for part in parts[1:]):
        _refuse("FilePath is not a path from the root of the drive")
    return "/".join(parts[1:])


def _page_ranges(listed: _Element, length: int) -> tuple[Piece, ...]:
    if length % PAGE_BYTES:
        _refuse("the length of a page blob is not a multiple of 512")
    pieces, end = [], 0
    for element in _only(listed, "PageRange", exactly_one=False):
        piece = _piece(element, {"Offset", "Length", "Hash"}, length)
        if piece.offset % PAGE_BYTES or piece.length % PAGE_BYTES:
            _refuse("a page range is not aligned to 512 bytes")
        if piece.offset < end:
            _refuse("page ranges overlap or are not sorted")
        end = piece.offset + piece.length
        pieces.append(piece)
    return tuple(pieces)


def _blocks(listed: _Element, length: int) -> tuple[Piece, ...]:
    elements = _only(listed, "Block", exactly_one=False)
    if len(elements) > MOST_BLOCKS:
        _refuse(f"there are more than {MOST_BLOCKS:,} blocks")
    if len({"Id" in element.attributes for element in elements}) > 1:
        _refuse("some blocks have an Id and some have none")
    pieces, end = [], 0
    for element in elements:
        allowed = {"Offset", "Length", "Hash", "Id"} & {*element.attributes, "Length", "Hash"}
        piece = _piece(_Element("Block", {"Offset": str(end), **element.attributes}), {*allowed, "Offset"}, length)
        if piece.offset != end:
            _refuse("blocks leave a gap")
        end += piece.length
        pieces.append(piece)
    if end != length:
        _refuse("the blocks are not the whole blob")
    return tuple(pieces)


def _piece(element: _Element, attributes: set[str], length: int) -> Piece:
    given = element.attributes
    if set(given) != attributes or element.children or element.text.strip():
        _refuse(f"{element.name} has not exactly {', '.join(sorted(attributes))}")
    offset, size = _number(given["Offset"]), _number(given["Length"])
    if not 0 < size <= LONGEST_RANGE or offset + size > length:
        _refuse(f"{element.name} is empty, over 4 MiB, or beyond the end of its blob")
    if not MD5.fullmatch(given["Hash"]):
        _refuse(f"the Hash of {element.name} is not 32 hexadecimal digits")
    return Piece(offset, size, given["Hash"].upper(), _block_id(given.get("Id", "")))


def _block_id(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        _refuse("the Id of a Block is not Base64")
    return text


def _number(text: str) -> int:
    if not NUMBER.fullmatch(text):
        _refuse("a number is not made of decimal digits")
    return int(text)


def _text(element: _Element) -> str:
    if element.children or element.attributes:
        _refuse(f"{element.name} holds more than text")
    return element.text.strip()


def _only(parent: _Element, name: str, *, exactly_one: bool = True) -> list[_Element]:
    if any(child.name != name for child in parent.children) or (exactly_one and len(parent.children) != 1):
        _refuse(f"{parent.name} holds something else than {name}")
    if parent.text.strip():
        _refuse(f"{parent.name} holds text")
    return parent.children


class _Builder:
    """Builds the tree of elements while the parser reads; refuses what the form does not have."""

    def __init__(self) -> None:
        self.top = _Element("", {})
        self._open = [self.top]

    def opened(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEEPEST:
            _refuse("its elements lie too deep in each other")
        element = _Element(name, attributes)
        self._open[-1].children.append(element)
        self._open.append(element)

    def closed(self, _name: str) -> None:
        self._open.pop()

    def said(self, text: str) -> None:
        self._open[-1].text += text

    def declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding and encoding.upper() != "UTF-8":
            _refuse("it is not UTF-8")

    def forbidden(self, *_about: object) -> NoReturn:
        _refuse("it has a document type, an entity or an instruction")


def _tree(data: bytes) -> _Element:
    builder, parser = _Builder(), expat.ParserCreate("UTF-8")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.opened, builder.closed
    parser.CharacterDataHandler, parser.XmlDeclHandler = builder.said, builder.declared
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ProcessingInstructionHandler = builder.forbidden
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        _refuse(f"it is not well-formed: {error}")
    return builder.top.children[0]


def _refuse(why: str) -> NoReturn:
    raise ManifestRefused(why)
