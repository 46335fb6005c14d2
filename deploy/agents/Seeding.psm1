<#
.SYNOPSIS
What the scripts for DPM, MABS and MARS share: reading values that may be missing, and printing the document.

.DESCRIPTION
Reads only. Nothing here knows a product.
#>
Set-StrictMode -Version 2.0

$script:Listed = 20     # failed files that are named
$script:FirstYear = 2000
$script:LastYear = 9000

function Get-SeedingValue {
    <# The first of these properties that the object has and that is not null; their names differ between versions.
       Nothing, which makes an empty list of @(...), when there is none: never put it into a document as it is. #>
    param($From, [string[]]$Name)
    if ($null -eq $From) { return }
    foreach ($candidate in $Name) {
        $property = $From.PSObject.Properties[$candidate]
        if ($null -ne $property -and $null -ne $property.Value) { return $property.Value }
    }
}

function Get-SeedingSum {
    <# The sum of what the product tells as bytes, or null when it tells nothing. #>
    param([object[]]$Sizes)
    $told = @($Sizes | Where-Object { $null -ne $_ })
    if ($told.Count -eq 0) { return $null }
    return ConvertTo-SeedingBytes -Size ($told | Measure-Object -Sum).Sum
}

function ConvertTo-SeedingTime {
    <# UTC as text, which ConvertTo-Json leaves alone; null for the products' ways to say "never". #>
    param($At, [switch]$AssumeUtc)
    if ($null -eq $At) { return $null }
    $time = $At -as [datetime]
    if ($null -eq $time) { return $null }
    if ($time.Year -lt $script:FirstYear -or $time.Year -gt $script:LastYear) { return $null }
    if ($time.Kind -eq [System.DateTimeKind]::Unspecified) {
        $kind = [System.DateTimeKind]::Local
        if ($AssumeUtc) { $kind = [System.DateTimeKind]::Utc }
        $time = [datetime]::SpecifyKind($time, $kind)
    }
    return $time.ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ', [System.Globalization.CultureInfo]::InvariantCulture)
}

function ConvertTo-SeedingBytes {
    <# A whole number of bytes, or null when the product does not say. #>
    param($Size)
    if ($null -eq $Size) { return $null }
    $number = $Size -as [double]
    if ($null -eq $number -or $number -lt 0) { return $null }
    return [int64]$number
}

function Get-SeedingProblem {
    <# The words of a job's error information, with its number, as the console shows them. #>
    param($ErrorInfo)
    if ($null -eq $ErrorInfo) { return '' }
    $names = 'ShortProblem', 'ShortProblemText', 'DetailedProblem', 'ErrorMessage', 'Message', 'Description'
    $words = "$(Get-SeedingValue -From $ErrorInfo -Name $names)".Trim()
    $number = Get-SeedingValue -From $ErrorInfo -Name 'ErrorCode', 'DetailedErrorCode', 'Code'
    if ($null -ne $number -and "$number" -notin '', '0', 'None') { $words = "$words (ID: $number)".Trim() }
    return $words
}

function Get-SeedingAccount {
    <# Whom this script runs as. Only Local System sees what the backup services see. #>
    $me = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    return [ordered]@{ name = "$($me.Name)"; system = [bool]$me.IsSystem }
}

function Get-SeedingDevice {
    <# Whether the device can be seen at this path, and what is wrong with the path. #>
    param([string]$Path)
    $leaf = Split-Path -Path $Path.TrimEnd('\') -Leaf
    $found = [bool](Test-Path -LiteralPath $Path -PathType Container)
    $pages = $null -ne (Get-SeedingPageFolder -Path $Path)
    $trap = ''
    if ($leaf -eq 'PageBlob') { $trap = 'give the folder above PageBlob, not PageBlob itself' }
    elseif (-not $found) { $trap = 'this account sees no such folder' }
    elseif (-not $pages) { $trap = 'there is no folder for page blobs: PageBlob, or a share whose name ends in _PageBlob' }
    if (-not (Get-SeedingAccount).system) {
        $trap = "$trap; run the worker as Local System: what this account sees, the backup service may not".TrimStart('; ')
    } elseif (-not $found) {
        $trap = "$trap; mount it as Local System: psexec.exe -s -i cmd.exe, there mount -o nolock"
    }
    return [ordered]@{ path = $Path; found = $found; page_blobs = [bool]$pages; trap = $trap }
}

function Get-SeedingPageFolder {
    <# The folder or share that becomes page blobs, or null. #>
    param([string]$Path)
    if (-not $Path -or -not (Test-Path -LiteralPath $Path -PathType Container)) { return $null }
    if ((Split-Path -Path $Path.TrimEnd('\') -Leaf) -like '*_PageBlob') { return $Path }
    $found = @(Get-ChildItem -LiteralPath $Path -Directory -Force |
            Where-Object { $_.Name -eq 'PageBlob' -or $_.Name -like '*_PageBlob' })
    if ($found.Count -eq 1) { return $found[0].FullName }
    return $null
}

function Get-SeedingImage {
    <# The files of the seed: on a device below its page folder, by container; in a staging place all of them. #>
    param([string]$Device, [string]$Staging)
    $root = $Staging
    if (-not $root) { $root = Get-SeedingPageFolder -Path $Device }
    if (-not $root) { return @() }
    $start = $root.TrimEnd('\').Length + 1
    return @(Get-ChildItem -LiteralPath $root -Recurse -File -Force | Sort-Object -Property FullName | ForEach-Object {
            $inside = $_.FullName.Substring($start).Replace('\', '/')
            $container = ''
            $blob = $inside
            if (-not $Staging) { $container, $blob = $inside -split '/', 2 }
            [ordered]@{ path = $_.FullName; container = "$container"; blob = "$blob"; bytes = [int64]$_.Length }
        })
}

function Get-SeedingWritten {
    <# What was written for each item. The files belong to the only item, or to the one whose name they bear as a word. #>
    param([object[]]$Images, [string[]]$Items, [object[]]$FailedFiles)
    $count = 0
    $written = foreach ($name in $Items) {
        $plain = ($name -replace '[^A-Za-z0-9]+', '-').Trim('-')
        $word = '(^|[^A-Za-z0-9])' + [regex]::Escape($plain) + '($|[^A-Za-z0-9])'
        $mine = @($Images | Where-Object { $Items.Count -eq 1 -or "$($_.container)/$($_.blob)" -match $word })
        $count += $mine.Count
        [ordered]@{ name = $name; source_bytes = $null; images = @($mine); failed_files = @($FailedFiles) }
    }
    $empty = @($written | Where-Object { $_.images.Count -eq 0 })
    if ($empty.Count -gt 0 -or $count -ne $Images.Count) {
        Stop-Seeding -Code 'SeedingNotAttributed' -Message "the $($Images.Count) files of the seed cannot be told apart by the names $($Items -join ', '); use one device for each data source"
    }
    return @($written)
}

function Get-SeedingFailedFile {
    <# The files the last job could not read, from the newest list in the agent's Temp folder. #>
    param([string]$AgentFolder)
    if (-not $AgentFolder) { return @() }
    $temp = Join-Path -Path $AgentFolder -ChildPath 'Temp'
    $newest = @(Get-ChildItem -Path (Join-Path -Path $temp -ChildPath 'LastBackupFailedFiles*.txt') -ErrorAction SilentlyContinue |
            Sort-Object -Property LastWriteTimeUtc | Select-Object -Last 1)
    if ($newest.Count -eq 0) { return @() }
    $lines = @(Get-Content -LiteralPath $newest[0].FullName -TotalCount 500 | Where-Object { "$_".Trim() })
    return @($lines | Select-Object -First $script:Listed | ForEach-Object {
            $reason = ''
            if ("$_" -match '0x[0-9A-Fa-f]{8}') { $reason = $Matches[0] }
            [ordered]@{ path = "$_".Trim(); reason = $reason }
        })
}

function Get-SeedingAgentFolder {
    <# Where the Recovery Services agent is installed; '' when it is not. #>
    $key = 'HKLM:\SOFTWARE\Microsoft\Windows Azure Backup\Setup'
    if (-not (Test-Path -LiteralPath $key)) { return '' }
    return "$(Get-SeedingValue -From (Get-ItemProperty -LiteralPath $key) -Name 'InstallPath')"
}

function Get-SeedingFileVersion {
    <# The version of a program, as four numbers; 'unknown' when it is not there. #>
    param([string]$Path)
    if (-not (Test-Path -LiteralPath $Path -PathType Leaf)) { return 'unknown' }
    $info = (Get-Item -LiteralPath $Path).VersionInfo
    return '{0}.{1}.{2}.{3}' -f $info.FileMajorPart, $info.FileMinorPart, $info.FileBuildPart, $info.FilePrivatePart
}

function New-SeedingDocument {
    <# The document without its parts: each product fills in what it knows. #>
    param([string]$Kind, [object[]]$Products, [string]$Device)
    $document = [ordered]@{
        schema          = 'seeding.agent/1'
        kind            = $Kind
        server          = "$env:COMPUTERNAME"
        at              = ConvertTo-SeedingTime -At ([datetime]::UtcNow)
        products        = @($Products)
        account         = Get-SeedingAccount
        protected       = @()
        offline_method  = [ordered]@{ configured = $null; way = 'not told'; order = $null }
        schedule        = [ordered]@{ enabled = $null; next_run = $null; last_run = $null }
        jobs            = @()
        recovery_points = @()
        failed_files    = @()
    }
    if ($Device) { $document['device'] = Get-SeedingDevice -Path $Device }
    return $document
}

function New-SeedingRefusal {
    <# The document of a clear no. #>
    param([string]$Kind, [string]$Code, [string]$Message)
    return [ordered]@{
        schema = 'seeding.agent/1'; kind = $Kind; error = [ordered]@{ code = $Code; message = $Message }
    }
}

function Stop-Seeding {
    <# Refuse: the entry script turns this into a document with `error`. Codes begin with Seeding. #>
    param([string]$Code, [string]$Message)
    $exception = New-Object -TypeName System.InvalidOperationException -ArgumentList $Message
    $category = [System.Management.Automation.ErrorCategory]::InvalidOperation
    throw (New-Object -TypeName System.Management.Automation.ErrorRecord -ArgumentList $exception, $Code, $category, $null)
}

function Write-SeedingDocument {
    <# One line of JSON in UTF-8, written to the stream itself: a service has no console to set an encoding on. #>
    param($Document)
    $bytes = [System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Json -InputObject $Document -Depth 12 -Compress) + "`n")
    $out = [Console]::OpenStandardOutput()
    $out.Write($bytes, 0, $bytes.Length)
    $out.Flush()
}

Export-ModuleMember -Function '*-Seeding*'
