<#
.SYNOPSIS
Prints one JSON document, "seeding.drives/1", about the disks of this machine. Reads only; changes nothing.

.DESCRIPTION
Windows PowerShell 5.1, elevated, in-box modules only (Storage, BitLocker where it is installed).
Sizes are bytes. Nothing secret is read: of BitLocker only whether a volume is locked.
NOT YET RUN ON WINDOWS: written from the modules' documentation. Behind a USB adaptor the serial number may be the
adaptor's; compare it with the label of the drive.
#>
[CmdletBinding()]
param()

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Console]::OutputEncoding = New-Object System.Text.UTF8Encoding($false)

$vendor = @('System Volume Information', '$RECYCLE.BIN', 'lost+found')
$listed = 20

function Get-DataPartitions($disk) {
    # MSR, EFI and recovery partitions are no data volumes.
    $all = @(Get-Partition -DiskNumber $disk.Number -ErrorAction SilentlyContinue)
    return @($all | Where-Object { @('Reserved', 'System', 'Recovery') -notcontains "$($_.Type)" } | Sort-Object Offset)
}

function Get-Root($partition) {
    $letter = "$($partition.DriveLetter)".Trim([char]0)
    if ($letter) { return "${letter}:\" }
    return ''
}

function Test-Locked($root) {
    if (-not $root -or -not (Get-Command Get-BitLockerVolume -ErrorAction SilentlyContinue)) { return $false }
    $volume = Get-BitLockerVolume -MountPoint $root.TrimEnd('\') -ErrorAction SilentlyContinue
    return [bool]($volume -and "$($volume.LockStatus)" -eq 'Locked')
}

$rows = foreach ($disk in @(Get-Disk)) {
    $partitions = @(Get-DataPartitions $disk)
    $root = ''; $filesystem = ''; $locked = $false; $empty = $false; $foreign = @()
    if ($partitions.Count -gt 0) {
        $root = Get-Root $partitions[0]
        $locked = Test-Locked $root
    }
    if ($root -and -not $locked) {
        $volume = Get-Volume -Partition $partitions[0] -ErrorAction SilentlyContinue
        if ($volume) { $filesystem = "$($volume.FileSystem)" }
        try {
            $names = @(Get-ChildItem -LiteralPath $root -Force -Name | Where-Object { $vendor -notcontains $_ })
            $empty = ($names.Count -eq 0)
            $foreign = @($names | Sort-Object | Select-Object -First $listed)
        } catch {
            $empty = $false
        }
    }
    $media = ''
    $physical = Get-CimInstance -ClassName Win32_DiskDrive -Filter "Index=$($disk.Number)" -ErrorAction SilentlyContinue
    if ($physical) { $media = "$($physical.MediaType)" }
    [ordered]@{
        serial         = "$($disk.SerialNumber)".Trim()
        path           = $root
        bus            = "$($disk.BusType)"
        sector_bytes   = [int64]$disk.LogicalSectorSize
        capacity_bytes = [int64]$disk.Size
        volumes        = [int]$partitions.Count
        filesystem     = $filesystem
        empty          = [bool]$empty
        foreign        = @($foreign)
        locked         = [bool]$locked
        removable      = [bool]($media -like 'Removable*')
        system         = [bool]($disk.IsBoot -or $disk.IsSystem)
    }
}

[ordered]@{ schema = 'seeding.drives/1'; drives = @($rows) } | ConvertTo-Json -Depth 5 -Compress
