<#
.SYNOPSIS
The Microsoft Azure Recovery Services agent, through the module MSOnlineBackup.

.DESCRIPTION
Get-SeedingFacts only reads. One policy, and so one job, covers the whole server. The offline method is set in the
agent's wizard; whether a cmdlet tells it differs between versions.
#>
Set-StrictMode -Version 2.0

$script:JobsRead = 60

function Connect-SeedingMars {
    <# Loads the agent's module, which is only on the machine's own module path, and returns its folder. #>
    $folder = Get-SeedingAgentFolder
    if (-not $folder) { throw 'the Recovery Services agent is not installed here' }
    $module = Join-Path -Path $folder -ChildPath 'bin\Modules\MSOnlineBackup'
    if (Test-Path -LiteralPath $module) { Import-Module -Name $module } else { Import-Module -Name MSOnlineBackup }
    return $folder
}

function Get-SeedingFacts {
    <# Everything the run wants to know. Reads only. #>
    param([string]$Device = '')
    $folder = Connect-SeedingMars
    $version = Get-SeedingFileVersion -Path (Join-Path -Path $folder -ChildPath 'bin\cbengine.exe')
    $document = New-SeedingDocument -Kind 'mars' -Products @([ordered]@{ name = 'mars'; version = $version }) -Device $Device
    $policy = Get-OBPolicy
    $names = @(Get-SeedingName -Policy $policy)
    $document['protected'] = @($names | ForEach-Object { [ordered]@{ name = $_; bytes = $null } })
    $document['offline_method'] = Get-SeedingMethod -Policy $policy
    $document['jobs'] = @(Get-SeedingJob)
    $document['schedule'] = Get-SeedingSchedule -Policy $policy
    $document['recovery_points'] = @(Get-SeedingPoint -Names $names)
    $document['failed_files'] = @(Get-SeedingFailedFile -AgentFolder $folder)
    return $document
}

function Start-SeedingCopy {
    <# Starts the first backup, which goes where the wizard's method says; once it runs or waits, only tells. #>
    param([string]$Device = '', [string]$Staging = '', [string]$Order = '', [string[]]$Items = @())
    $facts = Get-SeedingFacts -Device $Device
    if ($facts.jobs.Count -eq 0 -or $facts.jobs[-1].status -in 'Failed', 'Aborted') {
        if ($Device -and -not $facts.device.page_blobs) {
            Stop-Seeding -Code 'SeedingDeviceNotVisible' -Message "${Device}: $($facts.device.trap)"
        }
        if ($facts.protected.Count -eq 0 -or $facts.offline_method.configured -ne $true) {
            Stop-Seeding -Code 'SeedingOfflineMethod' -Message "nothing here says that the offline method of order $Order is set ($($facts.offline_method.way)); a backup now might go over the network"
        }
        $null = Start-OBBackup -Policy (Get-OBPolicy) -Async
        $facts = Get-SeedingFacts -Device $Device
    }
    $images = @(Get-SeedingImage -Device $Device -Staging $Staging)
    if ($Items.Count -eq 0) { $Items = @($facts.protected | ForEach-Object { $_.name }) }
    $facts['items'] = @()
    if ($images.Count -gt 0) {
        $facts['items'] = @(Get-SeedingWritten -Images $images -Items $Items -FailedFiles $facts.failed_files)
    }
    return $facts
}

function Stop-SeedingOnlineJob {
    <# Stops the backup that runs now. *Items* is not used: one job covers the whole server. #>
    param([string[]]$Items = @())
    $null = Connect-SeedingMars
    foreach ($job in @(Get-OBJob | Where-Object { "$($_.JobType)" -eq 'Backup' })) {
        $null = Stop-OBJob -Job $job -Confirm:$false
    }
    return Get-SeedingFacts
}

function Start-SeedingBackup {
    <# Starts a backup now. #>
    param([string[]]$Items = @())
    $null = Connect-SeedingMars
    $null = Start-OBBackup -Policy (Get-OBPolicy) -Async
    return Get-SeedingFacts
}

function Get-SeedingName {
    <# The names of what the policy protects: usually volumes. #>
    param($Policy)
    foreach ($source in @(Get-SeedingValue -From $Policy -Name 'DsList')) {
        "$(Get-SeedingValue -From $source -Name 'DataSourceName')".Trim()
    }
}

function Get-SeedingMethod {
    param($Policy)
    if ($null -eq $Policy) { return [ordered]@{ configured = $false; way = 'no policy'; order = $null } }
    if (-not (Get-Command -Name Get-OBInitialBackupCreationMethod -ErrorAction SilentlyContinue)) {
        return [ordered]@{ configured = $null; way = 'this version does not tell'; order = $null }
    }
    $method = Get-OBInitialBackupCreationMethod -Policy $Policy
    $way = "$(Get-SeedingValue -From $method -Name 'IBMethod', 'InitialBackupMethod')"
    if (-not $way) { $way = "$method" }
    $name = Get-SeedingValue -From $method -Name 'AzureImportJobName'
    $order = $null
    if ($null -ne $name) { $order = "$name" }
    return [ordered]@{ configured = [bool]($way -and $way -ne 'Network'); way = $way; order = $order }
}

function Get-SeedingSchedule {
    param($Policy)
    $on = $false
    if ($null -ne $Policy) { $on = "$(Get-OBPolicyState -Policy $Policy)" -ne 'Paused' }
    $task = Get-ScheduledTask -TaskPath '\Microsoft\OnlineBackup\' -TaskName 'Microsoft-OnlineBackup' -ErrorAction SilentlyContinue
    if ($null -eq $task) { return [ordered]@{ enabled = $false; next_run = $null; last_run = $null } }
    $info = $task | Get-ScheduledTaskInfo
    return [ordered]@{
        enabled  = [bool]($on -and "$($task.State)" -ne 'Disabled')
        next_run = ConvertTo-SeedingTime -At (Get-SeedingValue -From $info -Name 'NextRunTime')
        last_run = ConvertTo-SeedingTime -At (Get-SeedingValue -From $info -Name 'LastRunTime')
    }
}

function Get-SeedingJob {
    $all = @(Get-OBJob -Previous $script:JobsRead) + @(Get-OBJob)
    $backups = @($all | Where-Object { $null -ne $_ -and "$($_.JobType)" -eq 'Backup' })
    $told = @($backups | ForEach-Object { ConvertTo-SeedingJob -Job $_ } | Where-Object { $_.started })
    $once = @($told | Sort-Object -Property @{ Expression = { $_.id } } -Unique)
    return @($once | Sort-Object -Property @{ Expression = { $_.started } })
}

function ConvertTo-SeedingJob {
    param($Job)
    $status = Get-SeedingValue -From $Job -Name 'JobStatus'
    $parts = @(Get-SeedingValue -From $status -Name 'DatasourceStatus')
    $texts = @(Get-SeedingProblem -ErrorInfo (Get-SeedingValue -From $status -Name 'ErrorInfo'))
    $texts += "$(Get-SeedingValue -From $status -Name 'StatusMessage', 'Message', 'Description')"
    $texts += @($parts | ForEach-Object { Get-SeedingProblem -ErrorInfo (Get-SeedingValue -From $_ -Name 'ErrorInfo') })
    $sent = @($parts | ForEach-Object {
            Get-SeedingValue -From (Get-SeedingValue -From $_ -Name 'ByteProgress') -Name 'Progress'
        })
    return [ordered]@{
        id      = "$(Get-SeedingValue -From $Job -Name 'JobId')"
        type    = "$(Get-SeedingValue -From $Job -Name 'JobType')"
        item    = $null
        status  = "$(Get-SeedingValue -From $status -Name 'JobState')"
        text    = (@($texts | Where-Object { $_ } | Select-Object -Unique) -join ' ')
        started = ConvertTo-SeedingTime -At (Get-SeedingValue -From $status -Name 'StartTime') -AssumeUtc
        ended   = ConvertTo-SeedingTime -At (Get-SeedingValue -From $status -Name 'EndTime') -AssumeUtc
        bytes   = Get-SeedingSum -Sizes $sent
    }
}

function Get-SeedingPoint {
    <# One row for each data source of each point. Only what the whole server uses in Azure is told, not a point's size. #>
    param([string[]]$Names)
    $points = @(Get-OBAllRecoveryPoints)
    $used = $null
    if ($points.Count -eq 1 -and $Names.Count -eq 1) {
        $used = ConvertTo-SeedingBytes -Size (Get-SeedingValue -From (Get-OBMachineUsage) -Name 'StorageUsedByMachineInBytes')
    }
    foreach ($point in $points) {
        $at = ConvertTo-SeedingTime -At (Get-SeedingValue -From $point -Name 'BackupTime', 'PointInTime')
        foreach ($name in "$(Get-SeedingValue -From $point -Name 'DataSources')".Split(',')) {
            [ordered]@{ item = $name.Trim(); at = $at; bytes = $used }
        }
    }
}

Export-ModuleMember -Function @('Get-SeedingFacts', 'Start-SeedingCopy', 'Stop-SeedingOnlineJob', 'Start-SeedingBackup')
