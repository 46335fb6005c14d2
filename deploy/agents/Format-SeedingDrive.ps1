<#
.SYNOPSIS
Makes one empty NTFS volume of the disk with the given serial number. DESTROYS WHAT IS ON IT.

.DESCRIPTION
Windows PowerShell 5.1, elevated, in-box Storage module only. The disk is found by its serial number, never by a
letter; it must be exactly one, of exactly the expected size, and neither boot nor system disk. Without -Erase a disk
that holds any file is refused. Exit code 0 only when the volume is there.
NOT YET RUN ON WINDOWS: written from the module's documentation.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)][ValidatePattern('^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$')][string]$SerialNumber,
    [Parameter(Mandatory = $true)][int64]$ExpectedBytes,
    [switch]$Erase
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

function Stop-With($reason) {
    [Console]::Error.WriteLine($reason)
    exit 20
}

function Test-HoldsFiles($disk) {
    $parts = @(Get-Partition -DiskNumber $disk.Number -ErrorAction SilentlyContinue |
        Where-Object { @('Reserved', 'System', 'Recovery') -notcontains "$($_.Type)" })
    foreach ($part in $parts) {
        $letter = "$($part.DriveLetter)".Trim([char]0)
        if (-not $letter) { return $true }
        $names = @(Get-ChildItem -LiteralPath "${letter}:\" -Force -Name |
            Where-Object { @('System Volume Information', '$RECYCLE.BIN') -notcontains $_ })
        if ($names.Count -gt 0) { return $true }
    }
    return $false
}

try {
    $found = @(Get-Disk | Where-Object { "$($_.SerialNumber)".Trim() -eq $SerialNumber })
    if ($found.Count -ne 1) { Stop-With "$($found.Count) disks have the serial number $SerialNumber" }
    $disk = $found[0]
    if ($disk.IsBoot -or $disk.IsSystem) { Stop-With "disk $SerialNumber holds this machine's own system" }
    if ([int64]$disk.Size -ne $ExpectedBytes) { Stop-With "disk $SerialNumber has $($disk.Size) bytes, not $ExpectedBytes" }
    if ([int]$disk.LogicalSectorSize -ne 512) { Stop-With "disk $SerialNumber has logical sectors of $($disk.LogicalSectorSize) bytes" }
    $holds = $true
    try { $holds = Test-HoldsFiles $disk } catch { $holds = $true }
    if ($holds -and -not $Erase) { Stop-With "disk $SerialNumber holds files, and -Erase was not given" }

    if ($disk.IsOffline) { Set-Disk -Number $disk.Number -IsOffline $false }
    if ($disk.IsReadOnly) { Set-Disk -Number $disk.Number -IsReadOnly $false }
    if ("$($disk.PartitionStyle)" -ne 'RAW') { Clear-Disk -Number $disk.Number -RemoveData -RemoveOEM -Confirm:$false }
    Initialize-Disk -Number $disk.Number -PartitionStyle GPT -ErrorAction SilentlyContinue
    $partition = New-Partition -DiskNumber $disk.Number -UseMaximumSize -AssignDriveLetter
    $null = Format-Volume -Partition $partition -FileSystem NTFS -NewFileSystemLabel 'SEED' -Confirm:$false
    exit 0
} catch {
    Stop-With $_.Exception.Message
}
