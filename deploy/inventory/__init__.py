"""The inventory `offices.yaml`: which offices there are, what they hold and how they are reached. Never a secret."""

from deploy.inventory.loader import Placed, Reading, load, read
from deploy.inventory.offices import Inventory, Office
from deploy.inventory.problems import InventoryInvalid, Problem

__all__ = ["Inventory", "InventoryInvalid", "Office", "Placed", "Problem", "Reading", "load", "read"]
