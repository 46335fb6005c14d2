<#
.SYNOPSIS
System Center DPM and Azure Backup Server, through the module DataProtectionManager.

.DESCRIPTION
Get-SeedingFacts only reads. The offline method of a Data Box order is set in the console's wizard: no cmdlet knows it.
#>
Set-StrictMode -Version 2.0

$script:JobDays = 45
$script:FirstMabs = 11   # Azure Backup Server counts its versions from 11, DPM up to 10

function Connect-SeedingDpm {
    <# The online protection groups of this server. #>
    Import-Module -Name DataProtectionManager
    $null = Connect-DPMServer -DPMServerName $env:COMPUTERNAME
    return @(Get-DPMProtectionGroup -DPMServerName $env:COMPUTERNAME | Where-Object {
            $online = Get-SeedingValue -From $_ -Name 'IsCloudLongTerm'
            $null -eq $online -or [bool]$online
        })
}

function Get-SeedingFacts {
    <# Everything the run wants to know. Reads only. #>
    param([string]$Device = '')
    $groups = @(Connect-SeedingDpm)
    $sources = @(Get-SeedingSource -Groups $groups)
    $document = New-SeedingDocument -Kind 'dpm' -Products @(Get-SeedingProduct) -Device $Device
    $document['protected'] = @($sources | ForEach-Object {
            $size = Get-SeedingValue -From $_ -Name 'DataSize', 'ProtectedDataSize', 'ReplicaUsedSpace', 'Size'
            [ordered]@{ name = Get-SeedingName -Source $_; bytes = ConvertTo-SeedingBytes -Size $size }
        })
    $document['offline_method'] = Get-SeedingMethod -Groups $groups
    $jobs = @(Get-SeedingJob)
    $document['jobs'] = @($jobs | ForEach-Object { ConvertTo-SeedingJob -Job $_ })
    $document['schedule'] = Get-SeedingSchedule -Groups $groups -Jobs $document['jobs']
    $document['recovery_points'] = @($sources | ForEach-Object { Get-SeedingPoint -Source $_ })
    $document['failed_files'] = @(Get-SeedingFailedFile -AgentFolder (Get-SeedingAgentFolder))
    return $document
}

function Start-SeedingCopy {
    <# Starts the first online backup, which goes where the offline method says; once it runs or waits, only tells. #>
    param([string]$Device = '', [string]$Staging = '', [string]$Order = '', [string[]]$Items = @())
    $sources = @(Select-SeedingSource -Items $Items)
    $before = Get-SeedingFacts -Device $Device
    $names = @($sources | ForEach-Object { Get-SeedingName -Source $_ })
    $mine = @($before.jobs | Where-Object { $null -eq $_.item -or $_.item -in $names })
    if ($mine.Count -eq 0 -or $mine[-1].status -in 'Failed', 'Cancelled') {
        if ($Device -and -not $before.device.page_blobs) {
            Stop-Seeding -Code 'SeedingDeviceNotVisible' -Message "${Device}: $($before.device.trap)"
        }
        if ($before.offline_method.configured -eq $false) {
            Stop-Seeding -Code 'SeedingOfflineMethod' -Message "the offline method of order $Order is not set; a backup now would go over the network"
        }
        $unready = @($sources | Where-Object { "$(Get-SeedingValue -From $_ -Name 'State')" -notin '', 'Valid' })
        if ($unready.Count -gt 0) {
            Stop-Seeding -Code 'SeedingReplicaNotReady' -Message "the local replica of $(Get-SeedingName -Source $unready[0]) is not ready; wait until its group shows OK"
        }
        $null = New-DPMRecoveryPoint -Datasource $sources -Online
        $before = Get-SeedingFacts -Device $Device
    }
    $images = @(Get-SeedingImage -Device $Device -Staging $Staging)
    $before['items'] = @()
    if ($images.Count -gt 0) {
        $before['items'] = @(Get-SeedingWritten -Images $images -Items $names -FailedFiles $before.failed_files)
    }
    return $before
}

function Stop-SeedingOnlineJob {
    <# Stops the online jobs that run now. #>
    param([string[]]$Items = @())
    $null = Connect-SeedingDpm
    $running = @(Get-DPMJob -DPMServerName $env:COMPUTERNAME -Status InProgress | Where-Object { Test-SeedingOnline -Job $_ })
    if ($Items.Count -gt 0) {
        $running = @($running | Where-Object { Test-SeedingAbout -Job $_ -Items $Items })
    }
    if ($running.Count -gt 0) { $null = Stop-DPMJob -Job $running -Confirm:$false }
    return Get-SeedingFacts
}

function Start-SeedingBackup {
    <# Starts an online backup now. #>
    param([string[]]$Items = @())
    $null = New-DPMRecoveryPoint -Datasource @(Select-SeedingSource -Items $Items) -Online
    return Get-SeedingFacts
}

function Get-SeedingProduct {
    $key = 'HKLM:\SOFTWARE\Microsoft\Microsoft Data Protection Manager\Setup'
    $folder = "$(Get-SeedingValue -From (Get-ItemProperty -LiteralPath $key) -Name 'InstallPath')"
    $version = Get-SeedingFileVersion -Path (Join-Path -Path $folder -ChildPath 'bin\msdpm.exe')
    $name = 'dpm'
    if ($version -match '^(\d+)\.' -and [int]$Matches[1] -ge $script:FirstMabs) { $name = 'mabs' }
    [ordered]@{ name = $name; version = $version }
    $agent = Get-SeedingAgentFolder
    if ($agent) {
        [ordered]@{ name = 'mars'; version = Get-SeedingFileVersion -Path (Join-Path -Path $agent -ChildPath 'bin\cbengine.exe') }
    }
}

function Get-SeedingSource {
    param([object[]]$Groups)
    foreach ($group in $Groups) { Get-DPMDatasource -ProtectionGroup $group }
}

function Select-SeedingSource {
    <# The data sources of these names; all of them when none is named. #>
    param([string[]]$Items)
    $all = @(Get-SeedingSource -Groups @(Connect-SeedingDpm))
    $found = @($all | Where-Object { $Items.Count -eq 0 -or (Get-SeedingName -Source $_) -in $Items })
    if ($found.Count -eq 0 -or ($Items.Count -gt 0 -and $found.Count -ne $Items.Count)) {
        Stop-Seeding -Code 'SeedingNoSuchItem' -Message "online protection knows $($found.Count) of $($Items -join ', '); it knows $((@($all | ForEach-Object { Get-SeedingName -Source $_ })) -join ', ')"
    }
    return $found
}

function Get-SeedingName {
    param($Source)
    return "$(Get-SeedingValue -From $Source -Name 'Name', 'DisplayPath', 'LogicalPath')".Trim()
}

function Get-SeedingMethod {
    param([object[]]$Groups)
    $methods = @($Groups | ForEach-Object { Get-DPMInitialOnlineBackupCreationMethod -ProtectionGroup $_ })
    if ($methods.Count -eq 0) { return [ordered]@{ configured = $false; way = 'no online protection'; order = $null } }
    $ways = @($methods | ForEach-Object { "$(Get-SeedingValue -From $_ -Name 'IBMethod')" } | Sort-Object -Unique)
    $names = @($methods | ForEach-Object {
            Get-SeedingValue -From (Get-SeedingValue -From $_ -Name 'OfflineBackupParams') -Name 'AzureImportJobName'
        } | Where-Object { $_ } | Sort-Object -Unique)
    $order = $null
    if ($names.Count -eq 1) { $order = "$($names[0])" }
    return [ordered]@{ configured = [bool]('Network' -notin $ways); way = ($ways -join ', '); order = $order }
}

function Get-SeedingSchedule {
    param([object[]]$Groups, [object[]]$Jobs)
    $times = @($Groups | ForEach-Object { Get-DPMPolicySchedule -ProtectionGroup $_ -LongTerm Online } |
            ForEach-Object { Get-SeedingValue -From $_ -Name 'TimesOfDay' })
    $now = Get-Date
    $next = @($times | ForEach-Object {
            $run = $now.Date.Add(([datetime]$_).TimeOfDay)
            if ($run -le $now) { $run = $run.AddDays(1) }
            $run
        } | Sort-Object | Select-Object -First 1)
    $nextRun = $null
    if ($next.Count -gt 0) { $nextRun = ConvertTo-SeedingTime -At $next[0] }
    $ended = @($Jobs | Where-Object { $_.ended } | ForEach-Object { $_.ended } | Sort-Object | Select-Object -Last 1)
    $lastRun = $null
    if ($ended.Count -gt 0) { $lastRun = $ended[0] }
    return [ordered]@{ enabled = [bool]($times.Count -gt 0); next_run = $nextRun; last_run = $lastRun }
}

function Test-SeedingOnline {
    <# Whether a job sends to Azure. The category of the first copy is not documented: both words are taken. #>
    param($Job)
    return "$(Get-SeedingValue -From $Job -Name 'JobCategory', 'JobType', 'Type')" -match 'Cloud|Online'
}

function Test-SeedingAbout {
    param($Job, [string[]]$Items)
    $names = @(Get-SeedingValue -From $Job -Name 'DataSources' | ForEach-Object { "$_".Trim() })
    return @($names | Where-Object { $_ -in $Items }).Count -gt 0
}

function Get-SeedingJob {
    $since = (Get-Date).AddDays(-$script:JobDays)
    $all = @(Get-DPMJob -DPMServerName $env:COMPUTERNAME -From $since -To (Get-Date) -AllJobsInInterval -NoLimitOnJobCount) +
    @(Get-DPMJob -DPMServerName $env:COMPUTERNAME -Status InProgress)
    return @($all | Where-Object { Test-SeedingOnline -Job $_ } | Sort-Object -Property JobId -Unique |
            Sort-Object -Property StartTime)
}

function ConvertTo-SeedingJob {
    param($Job)
    $tasks = @(Get-SeedingValue -From $Job -Name 'TaskList', 'Tasks')
    $texts = @($tasks | ForEach-Object { Get-SeedingProblem -ErrorInfo (Get-SeedingValue -From $_ -Name 'ErrorInfo') })
    $texts += Get-SeedingProblem -ErrorInfo (Get-SeedingValue -From $Job -Name 'ErrorInfo')
    $sent = @($tasks | ForEach-Object { Get-SeedingValue -From $_ -Name 'DataTransferred', 'BytesTransferred' })
    $sources = @(Get-SeedingValue -From $Job -Name 'DataSources' | ForEach-Object { "$_".Trim() } | Where-Object { $_ })
    $item = $null
    if ($sources.Count -eq 1) { $item = $sources[0] }
    $status = "$(Get-SeedingValue -From $Job -Name 'Status')"
    $ended = $null
    if ($status -ne 'InProgress') { $ended = ConvertTo-SeedingTime -At (Get-SeedingValue -From $Job -Name 'EndTime') }
    return [ordered]@{
        id      = "$(Get-SeedingValue -From $Job -Name 'JobId')"
        type    = "$(Get-SeedingValue -From $Job -Name 'JobCategory', 'JobType', 'Type')"
        item    = $item
        status  = $status
        text    = (@($texts | Where-Object { $_ } | Select-Object -Unique) -join ' ')
        started = ConvertTo-SeedingTime -At (Get-SeedingValue -From $Job -Name 'StartTime', 'CreatedTime')
        ended   = $ended
        bytes   = Get-SeedingSum -Sizes $sent
    }
}

function Get-SeedingPoint {
    param($Source)
    $name = Get-SeedingName -Source $Source
    foreach ($point in @(Get-DPMRecoveryPoint -Datasource $Source -Online)) {
        $at = Get-SeedingValue -From $point -Name 'BackupTime', 'RepresentedPointInTime'
        $size = Get-SeedingValue -From $point -Name 'DataSize', 'Size'
        [ordered]@{ item = $name; at = ConvertTo-SeedingTime -At $at; bytes = ConvertTo-SeedingBytes -Size $size }
    }
}

Export-ModuleMember -Function @('Get-SeedingFacts', 'Start-SeedingCopy', 'Stop-SeedingOnlineJob', 'Start-SeedingBackup')
