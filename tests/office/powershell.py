"""Reads PowerShell by its grammar, and says what in a script is against our rules for scripts on backup servers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

PARSER = Parser(Language(tree_sitter_powershell.language()))


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


READING = _words("""
    Get Test Select Sort Where ForEach ConvertTo ConvertFrom Join Split Import Export Measure Write Connect
    Set-StrictMode New-Object
""")
# In-box in Windows PowerShell 5.1: Microsoft.PowerShell.*, Storage, BitLocker, ScheduledTasks, CimCmdlets.
IN_BOX = _words("""
    ConvertTo-Json Export-ModuleMember ForEach-Object Get-ChildItem Get-Command Get-Content Get-Date Get-Item
    Get-ItemProperty Import-Module Join-Path Measure-Object New-Object Select-Object Set-StrictMode Sort-Object
    Split-Path Test-Path Where-Object Get-CimInstance Get-ScheduledTask Get-ScheduledTaskInfo
    Get-Disk Get-Partition Get-Volume Get-BitLockerVolume Set-Disk Clear-Disk Initialize-Disk New-Partition
    Format-Volume
""")
PRODUCTS = _words("""
    Connect-DPMServer Get-DPMProtectionGroup Get-DPMDatasource Get-DPMInitialOnlineBackupCreationMethod
    Get-DPMPolicySchedule Get-DPMJob Get-DPMRecoveryPoint New-DPMRecoveryPoint Stop-DPMJob
    Get-OBPolicy Get-OBPolicyState Get-OBInitialBackupCreationMethod Get-OBJob Get-OBAllRecoveryPoints
    Get-OBMachineUsage Start-OBBackup Stop-OBJob
""")
APPROVED = _words("""
    Add Clear Close Connect ConvertFrom ConvertTo Copy Disable Disconnect Enable Export Find Format Get Import
    Initialize Install Invoke Join Measure Mount Move New Open Out Read Register Remove Rename Reset Resize Resolve
    Restart Restore Resume Save Search Select Send Set Show Skip Split Start Stop Submit Suspend Test Trace Unlock
    Update Wait Write
""")
CHANGING = ("Start-", "Stop-", "Format-", "Suspend-", "Resume-")
NETWORK = re.compile(
    r"Net\.(Web|Http|Sockets|Mail)|WebClient|HttpClient|TcpClient|DownloadString|Start-BitsTransfer", re.I
)


def faults(source: str, name: str, known: frozenset[str] = frozenset()) -> list[str]:
    """Return what is wrong with the script *name*; *known* are functions that other files of ours define."""
    tree = PARSER.parse(source.encode())
    own = {text(node) for node in every(tree.root_node, "function_name")}
    found = [f"line {node.start_point.row + 1}: not PowerShell" for node in broken(tree.root_node)]
    found += [
        f"function {function}: no approved verb" for function in own if function.partition("-")[0] not in APPROVED
    ]
    if not any(text(node) == "Set-StrictMode" for node in every(tree.root_node, "command_name")):
        found.append("no Set-StrictMode")
    if match := NETWORK.search(source):
        found.append(f"network: {match[0]}")
    for node in every(tree.root_node, "command_name"):
        found += _of_command(node, name, own | known)
    return found


def functions(source: str) -> frozenset[str]:
    """Return the functions that a script defines."""
    return frozenset(text(node) for node in every(PARSER.parse(source.encode()).root_node, "function_name"))


def _of_command(node: Node, script: str, own: set[str]) -> Iterator[str]:
    command, line = text(node), f"line {node.start_point.row + 1}"
    if "-" not in command:
        yield f"{line}: {command} is an alias or a program"
    elif command not in IN_BOX | PRODUCTS | own:
        yield f"{line}: {command} is neither in-box nor of the two modules"
    elif command not in own and command not in READING and command.partition("-")[0] not in READING:
        inside = enclosing(node) or script
        if not inside.startswith(CHANGING):
            yield f"{line}: {command} changes something, and {inside} sounds as if it only read"


def enclosing(node: Node) -> str:
    """Return the name of the function around *node*, or ""."""
    around: Node | None = node
    while around is not None and around.type != "function_statement":
        around = around.parent
    return next((text(child) for child in around.children if child.type == "function_name"), "") if around else ""


def every(node: Node, kind: str) -> Iterator[Node]:
    """Return the nodes of a kind below *node*."""
    if node.type == kind:
        yield node
    for child in node.children:
        yield from every(child, kind)


def broken(node: Node) -> Iterator[Node]:
    """Return the nodes the grammar could not read."""
    if node.type == "ERROR" or node.is_missing:
        yield node
    for child in node.children:
        yield from broken(child)


def text(node: Node) -> str:
    """Return the source of *node*."""
    return (node.text or b"").decode()
