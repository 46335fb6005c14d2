"""A strict reader of drive manifests, written from the documented schema alone. It shares no code with the product.

Accepts a manifest, optionally against the drive it lies on, or raises Wrong with the first thing that is not.
"""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
VERSION = re.compile(r"2011-\d\d-\d\d|2014-11-01")
CONTAINER = re.compile(r"\$root|[a-z0-9](?:-?[a-z0-9]){2,62}")
NUMBER = re.compile(r"0|[1-9]\d*")
BASE16_MD5 = re.compile(r"[0-9A-F]{32}")
DISPOSITIONS = {"rename", "no-overwrite", "overwrite"}
DRIVE_PARTS = ("DriveId", "credential", "ClientCreator", "BlobList")
BLOB_PARTS = ("BlobPath", "FilePath", "ClientData", "Snapshot", "Length", "ImportDisposition", "list",
              "MetadataPath", "PropertiesPath")  # fmt: skip
ALIAS = {"StorageAccountKey": "credential", "ContainerSas": "credential", "PageRangeList": "list", "BlockList": "list"}


class Wrong(Exception):
    """The manifest is not as documented."""


@dataclass(frozen=True)
class Part:
    offset: int
    length: int
    md5: str


@dataclass(frozen=True)
class ReadBlob:
    path: str
    file: str
    length: int
    disposition: str
    parts: tuple[Part, ...]
    pages: bool


@dataclass(frozen=True)
class ReadManifest:
    drive_id: str
    list_ids: tuple[str, ...]
    creator: str
    credential: str
    blobs: tuple[ReadBlob, ...]


def need(true: object, what: str) -> None:
    if not true:
        raise Wrong(what)


def read(raw: bytes, drive: Path | None = None) -> ReadManifest:
    """Return what *raw* says. With *drive*, its files must be there, of the right length, with the right bytes."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Wrong("not UTF-8") from error
    need("<!DOCTYPE" not in text and "<!ENTITY" not in text, "document types and entities are not allowed")
    try:
        root = ET.fromstring(text)
    except ET.ParseError as error:
        raise Wrong(f"not XML: {error}") from error
    manifest = drive_manifest(root)
    if drive is not None:
        for blob in manifest.blobs:
            bytes_agree(drive, blob)
    return manifest


def drive_manifest(root: ET.Element) -> ReadManifest:
    element(root, "DriveManifest", {"Version"})
    need(VERSION.fullmatch(root.get("Version", "")), "the version")
    need([child.tag for child in root] == ["Drive"], "exactly one Drive")
    drive = root[0]
    element(drive, "Drive", set())
    in_order(drive, DRIVE_PARTS, many={"BlobList"})
    need(drive.find("DriveId") is not None, "DriveId is required")
    need(drive.find("BlobList") is not None, "a BlobList is required")
    credentials = [child for child in drive if ALIAS.get(child.tag) == "credential"]
    lists = drive.findall("BlobList")
    blobs = tuple(blob_of(child) for one in lists for child in blobs_in(one))
    for what in ("path", "file"):
        names = [getattr(blob, what) for blob in blobs]
        need(len(set(names)) == len(names), f"a {what} twice")
    return ReadManifest(
        drive_id=leaf(drive.find("DriveId")),
        list_ids=tuple(one.get("Id", "") for one in lists),
        creator=leaf(drive.find("ClientCreator")) if drive.find("ClientCreator") is not None else "",
        credential=credentials[0].tag if credentials else "",
        blobs=blobs,
    )


def blobs_in(one: ET.Element) -> list[ET.Element]:
    element(one, "BlobList", {"Id"})
    need(one.get("Id") != "", "an empty BlobList Id")
    rest = list(one)
    while rest and rest[0].tag in ("MetadataPath", "PropertiesPath"):
        hashed_path(rest.pop(0))
    need(all(child.tag == "Blob" for child in rest), "something between the blobs")
    return rest


def blob_of(one: ET.Element) -> ReadBlob:
    element(one, "Blob", set())
    in_order(one, BLOB_PARTS, many=set())
    for name in ("BlobPath", "FilePath", "Length"):
        need(one.find(name) is not None, f"{name} is required")
    for name in ("MetadataPath", "PropertiesPath"):
        if (found := one.find(name)) is not None:
            hashed_path(found)
    path, length = leaf(one.find("BlobPath")), number(leaf(one.find("Length")))
    container, slash, name = path.partition("/")
    need(slash and name and CONTAINER.fullmatch(container), f"the blob path {path!r}")
    disposition = leaf(one.find("ImportDisposition")) if one.find("ImportDisposition") is not None else "rename"
    need(disposition in DISPOSITIONS, f"the disposition {disposition!r}")
    pages, blocks = one.find("PageRangeList"), one.find("BlockList")
    need(pages is not None or blocks is not None, "a list of ranges or blocks")
    if pages is not None:
        need(length % 512 == 0 and length <= 8 * MIB * MIB, "the length of a page blob")
        parts = page_ranges(pages)
    else:
        parts = block_list(blocks, length)
    need(not parts or parts[-1].offset + parts[-1].length <= length, "a range beyond the length")
    return ReadBlob(path, file_path(leaf(one.find("FilePath"))), length, disposition, parts, pages is not None)


def page_ranges(one: ET.Element) -> tuple[Part, ...]:
    element(one, "PageRangeList", set())
    parts, end = [], 0
    for child in one:
        part = part_of(child, "PageRange", {"Offset", "Length", "Hash"})
        need(part.offset % 512 == 0 and part.length % 512 == 0, "a range off the 512 bytes")
        need(part.offset >= end, "ranges overlap or are not sorted")
        end = part.offset + part.length
        parts.append(part)
    return tuple(parts)


def block_list(one: ET.Element, length: int) -> tuple[Part, ...]:
    element(one, "BlockList", set())
    parts, end = [], 0
    for child in one:
        part = part_of(child, "Block", {"Offset", "Length", "Id", "Hash"})
        need(part.offset == end, "a gap between blocks")
        end += part.length
        parts.append(part)
    ids = [child.get("Id") for child in one]
    need(all(ids) or (not any(ids) and length <= 64 * MIB), "block ids for all or none")
    for text in filter(None, ids):
        need(base64.b64encode(base64.b64decode(text)).decode() == text, "a block id that is not Base64")
    need(len({*ids} - {None}) in (0, len(ids)), "a block id twice")
    need(end == length and len(parts) <= 50_000, "blocks do not add up to the length")
    return tuple(parts)


def part_of(one: ET.Element, tag: str, attributes: set[str]) -> Part:
    need(one.tag == tag and set(one.keys()) <= attributes and len(one) == 0, f"not a {tag}")
    need({"Offset", "Length", "Hash"} <= set(one.keys()), f"an attribute of a {tag} is missing")
    need(BASE16_MD5.fullmatch(one.get("Hash", "")), "the hash is no Base16 MD5")
    part = Part(number(one.get("Offset", "")), number(one.get("Length", "")), one.get("Hash", ""))
    need(0 < part.length <= 4 * MIB, "a length over 4 MiB, or none")
    return part


def element(one: ET.Element, tag: str, attributes: set[str]) -> None:
    need(one.tag == tag and set(one.keys()) <= attributes, f"not a {tag}, or a strange attribute")
    need(not (one.text or "").strip() and not any((child.tail or "").strip() for child in one), f"text in {tag}")


def in_order(one: ET.Element, parts: tuple[str, ...], many: set[str]) -> None:
    at = 0
    seen = set()
    for child in one:
        name = ALIAS.get(child.tag, child.tag)
        need(name in parts, f"{child.tag} does not belong into {one.tag}")
        need(parts.index(name) >= at, f"{child.tag} comes too late in {one.tag}")
        need(name not in seen or name in many, f"{name} twice in {one.tag}")
        seen.add(name)
        at = parts.index(name)


def leaf(one: ET.Element | None) -> str:
    need(one is not None and len(one) == 0 and not one.keys(), "an element of plain text")
    assert one is not None
    text = one.text or ""
    need(text and text == text.strip(), f"{one.tag} is empty or has blanks around it")
    return text


def hashed_path(one: ET.Element) -> None:
    need(set(one.keys()) == {"Hash"} and BASE16_MD5.fullmatch(one.get("Hash", "")) and one.text, "a path with a hash")


def number(text: str) -> int:
    need(NUMBER.fullmatch(text), f"{text!r} is no number")
    return int(text)


def file_path(text: str) -> str:
    parts = text.removeprefix("\\").split("\\")
    need("/" not in text and ":" not in text and all(part not in ("", ".", "..") for part in parts), "the file path")
    return "/".join(parts)


def bytes_agree(drive: Path, blob: ReadBlob) -> None:
    place = drive / blob.file
    need(place.is_file() and not place.is_symlink(), f"{blob.file} is not on the drive")
    need(place.stat().st_size == blob.length, f"{blob.file} has another length")
    with place.open("rb") as file:
        for part in blob.parts:
            file.seek(part.offset)
            digest = hashlib.md5(file.read(part.length)).hexdigest().upper()
            need(digest == part.md5, f"{blob.file} has other bytes at {part.offset}")
