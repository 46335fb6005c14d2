"""What a finished seed has left behind, looked up in the world: what would go, and what would stay, with the reason.

Nothing is touched here. A container is the seed's when every blob in it is in the sealed manifest; any other stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from states.facts import Sealed
from states.run import Run
from tasks import media
from tasks.errors import NotYet
from tasks.layout import locator
from tasks.media_errors import on_media
from tasks.on_site import work_for
from tasks.ports import Site
from tasks.staged import staged_files

Kind = Literal["container", "staging", "order"]


@dataclass(frozen=True)
class LeftOver:
    """One thing that a seed left. `stays` says why it must not be touched; empty for what may go."""

    kind: Kind
    name: str
    stays: str = ""

    @property
    def text(self) -> str:
        """The thing in words."""
        return f"{self.kind} {self.name}"


def left_overs(run: Run, site: Site, now: datetime) -> tuple[LeftOver, ...]:
    """Return what is still there at *now* (UTC), in the order in which it may go: containers, staging, orders.

    Raises NotYet while the office has not answered.
    """
    return (*_containers(run, site), *_staging(run, site, now), *_orders(run, site))


def _containers(run: Run, site: Site) -> list[LeftOver]:
    ours = blobs_by_container(run, site)
    there = sorted(set(ours) & set(site.account.containers()))
    return [LeftOver("container", name, _foreign(site, name, ours[name].__contains__)) for name in there]


def blobs_by_container(run: Run, site: Site) -> dict[str, set[str]]:
    """Return the names of the sealed manifest's blobs, by container; empty before anything was sealed."""
    sealed, locate = run.get(Sealed), locator(run.plan)
    found: dict[str, set[str]] = defaultdict(set)
    if sealed is None:
        return found
    with on_media():
        for entry in media.entries(site.archive.open(run.run_id, sealed.manifest)):
            container, name, _ = locate(entry.native)
            found[container].add(name)
    return found


def _foreign(site: Site, container: str, is_ours: Callable[[str], bool]) -> str:
    foreign = [blob.name for blob in site.account.blobs((container,)) if not is_ours(blob.name)]
    named = ", ".join(foreign[:3])
    return f"{len(foreign)} blobs in it are no part of the seed ({named}); move them away first" if foreign else ""


def _staging(run: Run, site: Site, now: datetime) -> list[LeftOver]:
    own = run.plan.own_disk
    if own is None or site.disks is None:
        return []
    lying = site.disks.staged_bytes(work_for(run, now), staged_files(site, run))
    if lying is None:
        raise NotYet(f"the office of {run.run_id} has not said yet what lies in the staging place")
    return [LeftOver("staging", own.staging)] if lying else []


def _orders(run: Run, site: Site) -> list[LeftOver]:
    jobs = [site.orders.find(run.plan, name) for name in run.job_names]
    no = "Azure does not let it be deleted in stage"
    return [LeftOver("order", job.job_name, "" if job.deletable else f"{no} {job.stage}; wait") for job in jobs if job]
