"""The vendor's logs: read in every known shape, whatever surrounds them, and never expanded."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.media import LogEntry, ManifestInvalid, parse_bom, parse_copy_log, parse_verbose_log

SUMMARY = (
    b'<CopyLog Summary="Summary"><Status>%s</Status><TotalFiles>45</TotalFiles>'
    b"<FilesErrored>%d</FilesErrored></CopyLog>"
)
ERRORED = (
    b'<ErroredEntity Path="c\\f &amp; g" CloudFormat="BlockBlob"><Category>UploadErrorCloudHttp</Category>'
    b"<ErrorCode>409</ErrorCode><ErrorMessage>The blob exists.</ErrorMessage><Type>File</Type></ErroredEntity>"
)


def test_a_clean_summary_is_clean():
    """Succeeded, nothing errored, nothing listed."""
    log = parse_copy_log(b"\xef\xbb\xbf<?xml version='1.0'?>\n- " + SUMMARY % (b"Succeeded", 0))

    assert (log.status, log.total_files, log.errored, log.clean) == ("Succeeded", 45, 0, True)


def test_errors_after_the_summary_are_read_although_there_are_two_roots():
    """The file is a sequence of elements; each error is there with all it says."""
    log = parse_copy_log(SUMMARY % (b"Failed", 1) + b"\n" + ERRORED)

    assert log.entries == (LogEntry("c/f & g", "UploadErrorCloudHttp", "409", "The blob exists.", "File", "BlockBlob"),)
    assert not log.clean


def test_the_newer_summary_with_counts_is_read():
    """Data Box Disk: totals by kind, and counts of validation and copy errors."""
    log = parse_copy_log(
        b"<DriveLog Version='2021-08-01'><DriveId>S1</DriveId><Summary><TotalFiles_Blobs>7</TotalFiles_Blobs>"
        b"<ValidationErrors><InvalidPageBlobUploadAsBlockBlob Count='2'/></ValidationErrors>"
        b"<CopyErrors><Error Count='1' Description='disk'/></CopyErrors></Summary><Status>Succeeded</Status></DriveLog>"
    )

    assert (log.total_files, log.clean) == (7, False)
    assert log.counts == (("InvalidPageBlobUploadAsBlockBlob", 2, ""), ("Error", 1, "disk"))


def test_the_old_drive_log_is_read():
    """Import/Export: a blob that did not complete is an entry."""
    log = parse_copy_log(
        b'<DriveLog Version="2018-10-01"><DriveId>x</DriveId><Session Id="a"><Blob Status="CompletedWithErrors">'
        b"<BlobPath>c/x.vhd</BlobPath><FilePath>\\x.vhd</FilePath><Length>5</Length></Blob>"
        b'<Blob Status="Completed"><BlobPath>c/y</BlobPath></Blob><Status>CompletedWithErrors</Status></Session>'
        b"</DriveLog>"
    )

    assert [(e.path, e.category) for e in log.entries] == [("c/x.vhd", "CompletedWithErrors")]
    assert not log.clean


@pytest.mark.parametrize("cut", range(1, 120))
def test_a_log_cut_short_is_never_clean(cut):
    """Half a log is no evidence of success, wherever it ends."""
    try:
        log = parse_copy_log((SUMMARY % (b"Succeeded", 0))[:-cut])
    except ManifestInvalid:
        return

    assert not log.clean


def test_device_lists_give_size_and_crc_or_the_error():
    """Hexadecimal CRC, none for a reparse point, Base64 names, error codes."""
    name = base64.b64encode("c/ü.vhd".encode()).decode()
    lines = parse_bom(
        b'<file size="5" crc64="0x0A">\\c\\a</file>\n<file size="6" crc64="0x0">\\c\\b</file>'
        + f'<file error="ERROR_BLOB_OR_FILE_SIZE_ALIGNMENT" name_encoding="Base64">{name}</file>'.encode()
    )

    assert [(b.path, b.size, b.crc64, b.error) for b in lines] == [
        ("c/a", 5, 10, ""), ("c/b", 6, None, ""), ("c/ü.vhd", None, None, "ERROR_BLOB_OR_FILE_SIZE_ALIGNMENT")
    ]  # fmt: skip


def test_verbose_logs_give_decimal_crcs():
    """One line a file, with its blob type."""
    (file,) = parse_verbose_log(
        b'<File CloudFormat="PageBlob" Path="c/x" Size="512" crc64="12577168950296156296"></File>'
    )

    assert (file.path, file.size, file.crc64, file.cloud_format) == ("c/x", 512, 0xAE8B14860A799888, "page")


def test_utf_16_is_read_as_well():
    """Some tools on the way write two bytes a character."""
    assert parse_copy_log((SUMMARY % (b"Succeeded", 0)).decode().encode("utf-16")).clean


def test_entities_are_never_expanded():
    """A billion laughs stay one unexpanded word."""
    bomb = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><CopyLog><Status>&b;</Status></CopyLog>'

    assert parse_copy_log(bomb).status == "&b;"


@pytest.mark.parametrize("data", [b"", b"not xml", b"<<<>>>", b"\0" * 50])
def test_what_is_no_log_is_an_error(data):
    """Nothing readable is never taken for a log without errors."""
    with pytest.raises(ManifestInvalid):
        parse_copy_log(data)


TAGS = [b"<a>", b"</a>", b"<CopyLog>", b"</CopyLog>", b"<Status>", b"Failed", b"</Status>", b"<!--", b"-->",
        b"<![CDATA[", b"]]>", b"&#x41;", b"&#99999999;", b"<?", b"\xff"]  # fmt: skip


@given(st.lists(st.sampled_from(TAGS)))
def test_any_garbage_is_read_or_refused_never_called_clean(parts):
    """Whatever tags in whatever order: an answer or a ManifestInvalid, and never success."""
    try:
        log = parse_copy_log(b"".join(parts))
    except ManifestInvalid:
        return
    assert not log.clean


def test_deep_nesting_and_size_are_bounded():
    """Ten thousand open elements are no problem, and no recursion."""
    assert parse_copy_log(b"<a>" * 10_000 + b"<Status>Failed</Status>").status in ("", "Failed")
