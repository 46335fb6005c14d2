"""The office kit: one page for people who are not IT: what arrives, where it goes, whom to call, what to do by when."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import segno

from deploy.report.pages import rendered
from states.deadlines import deadlines
from states.facts import Delivered, DevicesNamed
from states.limits import Limits
from states.run import Run
from tasks.ports import Address, Contact


@dataclass(frozen=True)
class Words:
    """What a kind of device looks like, and where it goes. `port` names what people see, not what IT calls it."""

    arrives: str
    contents: tuple[str, ...]
    port: str
    never: str
    pack: str


DEVICES = {
    "DataBoxDisk": Words(
        "a small parcel with one to five disks, each about the size of a phone",
        ("the disks, each with a serial number on its label", "a short cable for each disk"),
        "a USB socket of the backup server, best a blue one (USB 3)",
        "Do not format the disk if Windows offers it: it is locked, not empty.",
        "Put all disks and all cables back into the box they came in, wrapped as they were. Missing parts cost money.",
    ),
    "DataBox": Words(
        "one heavy case; two people carry it",
        ("the device, with its serial number on a label and on its small display", "a power cord"),
        "the network socket marked DATA 1 to the cable our colleagues named, and the power cord to a wall socket",
        "Do not switch it off while it works, and do not move it.",
        "Switch it off only when our colleagues say that it is ready to ship. The address is on its display or label.",
    ),
    "DataBoxCustomerDisk": Words(
        "nothing: the disks are your own, and they leave the office",
        ("your own SATA disks, each with the serial number in this list",),
        "the slots inside the copy computer, by our colleagues",
        "Do not write to a disk again once it is taken out.",
        "Each disk in an antistatic bag, all in one box with foam around them: one box, one tracking number.",
    ),
}


@dataclass(frozen=True)
class Kit:
    """Everything the page says. Dates are days at the office's own choice of words; None where not known yet."""

    run: Run
    words: Words
    contact: Contact
    address: Address
    serials: tuple[str, ...]
    free_days: int
    return_by: datetime | None
    link: str

    @property
    def code(self) -> str:
        """The QR code of the link as SVG text."""
        out = io.BytesIO()
        segno.make(self.link, error="m").save(out, kind="svg", border=2, scale=4, xmldecl=False, svgns=True, nl=False)
        return out.getvalue().decode("ascii")


def kit(run: Run, contact: Contact, address: Address, limits: Limits, link: str = "") -> Kit:
    """Return the kit of *run*'s office. *link* is where the code leads; without it, to a mail to the contact."""
    named, delivered = run.get(DevicesNamed), run.get(Delivered)
    serials = (delivered.serial,) if delivered else named.serials if named else ()
    if run.plan.own_disk and not serials:
        serials = tuple(drive.serial for drive in run.plan.own_disk.drives)
    fees = next((one for one in deadlines(run, limits.clocks) if one.clock == "free-use"), None)
    rule = limits.clock("free-use")
    mail = f"mailto:{contact.emails[0]}?subject={quote(run.run_id)}" if contact.emails else f"tel:{contact.phone}"
    days = rule.length // timedelta(days=1) if rule and run.plan.mode == "data-box" else 0
    return Kit(run, DEVICES[run.plan.sku], contact, address, serials, days, fees.due if fees else None, link or mail)


def kit_page(page: Kit) -> str:
    """Return the page, made for paper: A4, upright."""
    return rendered("kit.html.j2", page)
