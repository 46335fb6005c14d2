"""Fifty cases worked out on paper: sizes at, just under and just over each limit, borders, lines against data.

TB is 10^12 bytes. The computation stands beside each case; a case that changes means that a rule or a figure did.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from offices_to_plan import CLOCK, GB, MONDAY, TB, TiB, advice, codes, office, way

from deploy.data import limits
from states.planner.lines import days_online

DISK, BOX, OWN, NETWORK = "DataBoxDisk", "DataBox", "DataBoxCustomerDisk", "network"
EU = {"country": "FR", "location": "francecentral"}
READ_AS_7_2 = {"limits": limits().read_as({DISK: 7_200 * GB})}


@pytest.mark.parametrize(
    "sizes, how, key, refused, devices",
    [
        # -- one Data Box Disk: 7 TB, the smaller of two published figures ------------------------------------------
        ([7 * TB - 1],          {},                    DISK, [], 1),                  # one byte to spare
        ([7 * TB],              {},                    DISK, [], 1),                  # full to the brim
        ([7 * TB + 1],          {},                    DISK, ["item-too-large"], 0),  # one byte too many: never split
        ([7_200 * GB],          READ_AS_7_2,           DISK, [], 1),                  # `disk_usable: 7.2 TB`
        ([7_200 * GB + 1],      READ_AS_7_2,           DISK, ["item-too-large"], 0),
        ([6 * TiB],             {},                    DISK, [], 1),                  # 6 TiB = 6.597 TB
        ([13 * TiB // 2],       {},                    DISK, ["item-too-large"], 0),  # 6.5 TiB = 7.147 TB
        # -- several sources on disks: each goes on one, and one run is one disk -----------------------------------
        ([4 * TB, 3 * TB],      {},                    DISK, [], 1),                  # 4 + 3 = 7
        ([4 * TB, 3 * TB + 1],  {},                    DISK, [], 2),                  # 7 TB and a byte
        ([6 * TB, 4 * TB, 3 * TB, TB], {},             DISK, [], 2),                  # 6 + 1 and 4 + 3
        ([4 * TB] * 3,          {},                    DISK, [], 3),                  # no two meet on one
        ([4 * TB, 3 * TB + 1],  {"agent": "mars"},     DISK, ["server-too-large"], 2),  # MARS: one server, one device
        ([4 * TB, 3 * TB + 1],  {"fits_one_device": "server"}, DISK, ["server-too-large"], 2),  # DPM, strictly
        ([8 * TB, TB],          {},                    DISK, ["item-too-large"], 1),  # the small one would fit
        # -- Data Box: 80 TB, where it is still sold ----------------------------------------------------------------
        ([80 * TB],             {},                    BOX,  [], 1),
        ([80 * TB + 1],         {},                    BOX,  ["item-too-large"], 0),
        ([72 * TiB],            {},                    BOX,  [], 1),                  # 72 TiB = 79.16 TB
        ([73 * TiB],            {},                    BOX,  ["item-too-large"], 0),  # 73 TiB = 80.26 TB
        ([60 * TB, 20 * TB],    {"agent": "mars"},     BOX,  [], 1),                  # a server of 80 TB
        ([5 * TB],              EU,                    BOX,  ["sku-retired"], 1),     # not in the EU since 2025-05
        ([5 * TB], {"country": "US", "location": "eastus"}, BOX, ["sku-retired"], 1),
        ([5 * TB], {"country": "JP", "location": "japaneast"}, BOX, [], 1),           # Japan is not in the notice
        # -- own disks: ten drives of 8 TB a job --------------------------------------------------------------------
        ([8 * TB],              {},                    OWN,  [], 1),
        ([8 * TB + 1],          {},                    OWN,  [], 2),                  # a source may go over drives
        ([80 * TB],             {},                    OWN,  [], 10),
        ([80 * TB + 1],         {},                    OWN,  ["item-too-large"], 0),  # not over jobs
        ([50 * TB, 31 * TB],    {},                    OWN,  [], 11),                 # two jobs: 7 drives and 4
        ([8 * TB],              {"agent": "files"},    OWN,  ["agent-without-import"], 1),
        # -- borders: Microsoft's devices stay inside, own drives may cross ----------------------------------------
        ([5 * TB], {"country": "FR", "location": "westeurope"},       DISK, [], 1),          # FR -> NL, both EU
        ([5 * TB], {"country": "IE", "location": "uksouth"},          DISK, ["border"], 1),  # EU -> GB
        ([5 * TB], {"country": "GB", "location": "northeurope"},      DISK, ["border"], 1),  # GB -> IE: and back
        ([5 * TB], {"country": "CH", "location": "germanywestcentral"}, DISK, ["border"], 1),  # Europe, not the EU
        ([5 * TB], {"country": "NO", "location": "swedencentral"},    DISK, ["border"], 1),  # EEA is not EU
        ([5 * TB], {"country": "NZ"},                                 DISK, ["border"], 1),  # NZ -> AU
        ([5 * TB], {"country": "US", "location": "usgovvirginia"},    DISK, [], 1),          # one country
        ([5 * TB], {"country": "CH", "location": "germanywestcentral"}, OWN, [], 1),         # DHL comes back from DE
        ([5 * TB], {"location": "atlantis"},                          DISK, ["region-unknown"], 1),
    ],
)  # fmt: skip
def test_what_fits_where(sizes, how, key, refused, devices):
    """Refused or not, and on how many devices: each case by hand."""
    found = way(office(*sizes, **how), key)

    assert codes(found) == refused
    assert found.devices == devices


@pytest.mark.parametrize(
    "size, how, p50, p90",
    [
        # 20 Mbit/s are 2.5 MB/s; at 90 % of a day 194.4 GB get through, at 70 % 151.2 GB.
        (10 * TB, {"agent": "files", "mbps": 20}, 52, 67),                 # 51.44 and 66.14 days
        (10 * TB, {"mbps": 20}, 44, 60),                                   # dpm sends 15 % less: 43.72; P90 10 %: 59.52
        (10 * TB, {"agent": "files", "mbps": 20, "hours": 12}, 103, 133),  # half the hours: 102.88 and 132.28
        (10 * TB, {"agent": "files", "mbps": 18, "measured": True}, 52, 67),  # 194.4 GB, as 20 promised
        # 1 % a day: 100 GB of each day's 194.4 are change; 10 TB / 94.4 GB = 105.93, 10 TB / 51.2 GB = 195.31
        (10 * TB, {"agent": "files", "mbps": 20, "change": 100 * GB}, 106, 196),
        (10 * TB, {"agent": "files", "mbps": 20, "change": 151_200_000_000}, 232, None),  # P90: all it carries changes
        (100, {"agent": "files", "mbps": 20, "change": 151_199_999_999}, 1, 100),         # a byte a day is to spare
        (10 * TB, {"agent": "files", "mbps": 20, "change": 195 * GB}, None, None),        # and here P50, too
        (TB, {"agent": "files", "mbps": 1000}, 1, 1),                      # 9.72 TB a day: the first day is begun
        (7_200 * GB, {"agent": "files", "mbps": 50}, 15, 20),              # 486 GB: 14.81; 378 GB: 19.05
        (80 * TB, {"agent": "files", "mbps": 100}, 83, 106),               # 972 GB: 82.30; 756 GB: 105.82
        (10 * TB, {"agent": "files"}, None, None),                         # nobody said how fast the line is
    ],
)  # fmt: skip
def test_what_a_line_carries(size, how, p50, p90):
    """Days over the network, with hours, change, compression and measured rates: each case by hand."""
    needs = office(size, **how)

    found = [days_online(needs.plan.items, needs, CLOCK.figures, chance) for chance in ("p50", "p90")]

    assert found == [p50, p90]


def test_twenty_megabits_against_ten_terabytes():
    """The network needs 67 days (P90); two disks, 6 and 4 TB, are there in 50, and are what the inventory asks for.

    P90 by disk, from Monday 2 March: prepared Mon 9, delivered Thu 12, attached ten days later on the next day with
    staff, Mon 23, written Tue 24, back Fri 27, received Tue 31, read in Sat 18 April, vaulted Mon 20, first incremental
    Tue 21: fifty days.
    """
    found = advice(office(6 * TB, 4 * TB, agent="files", mbps=20))

    assert found.chosen is not None
    assert (found.chosen.key, found.chosen.devices) == (DISK, 2)
    assert found.chosen.p90 is not None
    assert found.chosen.p90.finished == MONDAY + timedelta(50)
    online = next(verdict for verdict in found.verdicts if verdict.way.key == NETWORK)
    assert "ends 17 days later" in online.said
