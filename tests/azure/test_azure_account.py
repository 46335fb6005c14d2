"""BlobAccount over the real storage client, with the storage service's XML scripted on the wire."""

from __future__ import annotations

import base64
from itertools import islice

import pytest
from scripted_azure import Answer, clients_of, xml_refusal

from tasks.azure.account import BlobAccount
from tasks.errors import NotAllowed, NotFound, Transient
from tasks.ports import BlobSeen

XML = {"Content-Type": "application/xml"}
MD5 = bytes(range(16))


def blob(name, kind="BlockBlob", size=3, md5="", modified="Mon, 02 Nov 2026 06:00:00 GMT"):
    return (
        f"<Blob><Name>{name}</Name><Properties><Last-Modified>{modified}</Last-Modified>"
        f"<Content-Length>{size}</Content-Length><BlobType>{kind}</BlobType><Content-MD5>{md5}</Content-MD5>"
        "</Properties></Blob>"
    )


def page(*blobs, marker=""):
    listing = "".join(blobs)
    return Answer(
        200,
        f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://x/" ContainerName="c">'
        f"<Blobs>{listing}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>",
        XML,
    )


def content(data):
    length = len(data)
    headers = {"Content-Range": f"bytes 0-{length - 1}/{length}", "ETag": '"1"', "x-ms-blob-type": "BlockBlob"}
    return Answer(206, data, headers)


def account(azure):
    return BlobAccount(clients_of(azure, retry_total=0), "sydseed")


def test_blobs_are_listed_with_size_kind_and_stored_md5(azure):
    """What reconciliation compares, name by name; a missing container yields nothing."""
    azure.on("GET", "/gone.*comp=list", xml_refusal(404, "ContainerNotFound"))
    listing = page(
        blob("a/b.vhd", "PageBlob", 512), blob("c", md5=base64.b64encode(MD5).decode()), blob("d", "AppendBlob")
    )
    azure.on("GET", "/seed.*comp=list", listing)

    assert list(account(azure).blobs(["gone", "seed"])) == [
        BlobSeen("seed", "a/b.vhd", 512, "page"),
        BlobSeen("seed", "c", 3, "block", MD5),
        BlobSeen("seed", "d", 3, "append"),
    ]


def test_a_listing_is_read_page_by_page(azure):
    """A million blobs are never held at once: the second page is asked for when the first is used up."""
    azure.on("GET", "marker=next", page(blob("b")))
    azure.on("GET", "comp=list", page(blob("a"), marker="next"))
    listing = account(azure).blobs(["seed"])

    first = [one.name for one in islice(listing, 1)]

    assert first == ["a"] and len(azure.asked) == 1
    assert [one.name for one in listing] == ["b"] and len(azure.asked) == 2


@pytest.mark.parametrize(
    ("answer", "kind", "hint"),
    [
        (xml_refusal(403, "AuthorizationPermissionMismatch"), NotAllowed, "Storage Blob Data Reader"),
        (xml_refusal(403, "AuthorizationFailure"), NotAllowed, "network rules"),
        (xml_refusal(404, "ResourceNotFound"), NotFound, ""),
        (xml_refusal(503, "ServerBusy"), Transient, ""),
    ],
)
def test_a_listing_that_fails_says_what_helps(azure, answer, kind, hint):
    """A role that is missing and a firewall are two different things to mend."""
    azure.on("GET", "comp=list", answer)

    with pytest.raises(kind) as told:
        list(account(azure).blobs(["seed"]))
    assert hint in told.value.next and "seed" in told.value.message


def test_containers_are_sorted(azure):
    """The names of all containers of the account."""
    named = "".join(f"<Container><Name>{name}</Name><Properties /></Container>" for name in ("seed", "databoxcopylog"))
    body = f"<EnumerationResults><Containers>{named}</Containers><NextMarker /></EnumerationResults>"
    azure.on("GET", "comp=list", Answer(200, body, XML))

    assert account(azure).containers() == ("databoxcopylog", "seed")


def test_the_logs_of_one_order_are_read_oldest_first(azure):
    """Logs of other orders, also of one whose name begins alike, stay out."""
    names = [
        blob("syd1_A1_CopyLog_9.xml", size=5, modified="Tue, 03 Nov 2026 06:00:00 GMT"),
        blob("syd1_B2_CopyLog_1.xml", size=5, modified="Mon, 02 Nov 2026 06:00:00 GMT"),
        blob("syd1_2_A1_CopyLog_9.xml"),
        blob("syd11_A1_CopyLog_9.xml"),
        blob("syd1_A1_VerboseLog_9.xml", size=10),
    ]
    azure.on("GET", "/waies.*comp=list", xml_refusal(404, "ContainerNotFound"))
    azure.on("GET", "/databoxcopylog.*comp=list", page(*names))
    azure.on("GET", "/syd1_A1_CopyLog_9.xml", content(b"newer"))
    azure.on("GET", "/syd1_B2_CopyLog_1.xml", content(b"older"))
    azure.on("GET", "/syd1_A1_VerboseLog_9.xml", content(b"every name"))

    assert account(azure).logs("syd1", "copy") == (b"older", b"newer")
    assert account(azure).logs("syd1", "verbose") == (b"every name",)


def test_older_logs_are_found_where_they_used_to_lie(azure):
    """Orders of the older kind leave their logs in the container `waies`."""
    azure.on("GET", "/databoxcopylog.*comp=list", xml_refusal(404, "ContainerNotFound"))
    azure.on(
        "GET",
        "/waies.*comp=list",
        page(blob("syd1_A1_20261102_error.xml", size=6), blob("syd1_A1_20261102_verbose.xml")),
    )
    azure.on("GET", "_error.xml", content(b"errors"))

    assert account(azure).logs("syd1", "copy") == (b"errors",)


def test_no_logs_yet_is_empty(azure):
    """Before the datacenter copies there is no log container at all."""
    azure.on("GET", "comp=list", xml_refusal(404, "ContainerNotFound"))

    assert account(azure).logs("syd1", "copy") == ()


def test_a_piece_of_a_blob_is_read_and_nothing_beyond_its_end(azure):
    """Reading past the end gives no bytes, as with a file."""
    azure.on("GET", "/seed/a", content(b"abc"), xml_refusal(416, "InvalidRange"))
    reader = account(azure)

    assert reader.read("seed", "a", 0, 3) == b"abc"
    assert azure.asked[0].headers["x-ms-range"] == "bytes=0-2"
    assert reader.read("seed", "a", 10, 3) == b"" and reader.read("seed", "a", 0, 0) == b""


def test_a_blob_that_is_not_there_is_named(azure):
    """Container, blob and account are in the sentence."""
    azure.on("GET", "/seed/a", xml_refusal(404, "BlobNotFound"))

    with pytest.raises(NotFound, match="seed/a in sydseed"):
        account(azure).read("seed", "a", 0, 3)
