<#
.SYNOPSIS
Asks the backup software of this server, or has it do one thing, and prints one JSON document: "seeding.agent/1".

.DESCRIPTION
Windows PowerShell 5.1, elevated, on the backup server itself; in-box modules and the product's own module only.
`facts` reads and changes nothing. `start-copy` and `backup-now` start an online backup, `stop-job` stops the one that
runs. What is printed is described by agent.schema.json, which lies beside this script.

Exit code 0: an answer. 1: a refusal; the document has `error`. 2: no answer; the reason is on standard error.
NOT YET RUN ON WINDOWS: written from the products' documentation. docs/agents.md says how to confirm it.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory = $true)][ValidateSet('dpm', 'mars')][string]$Kind,
    [Parameter(Mandatory = $true)][ValidateSet('facts', 'start-copy', 'stop-job', 'backup-now')][string]$Verb,
    [string]$Device = '',
    [string]$Staging = '',
    [string]$Order = '',
    [string]$Items = ''   # names of the data sources this is about, separated by |; without it all of them
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'

try {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'Seeding.psm1') -Force
    $product = @{ dpm = 'Seeding.Dpm.psm1'; mars = 'Seeding.Mars.psm1' }[$Kind]
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath $product) -Force

    $names = @($Items.Split('|') | ForEach-Object { $_.Trim() } | Where-Object { $_ })
    $document = $null
    switch ($Verb) {
        'facts' { $document = Get-SeedingFacts -Device $Device }
        'start-copy' { $document = Start-SeedingCopy -Device $Device -Staging $Staging -Order $Order -Items $names }
        'stop-job' { $document = Stop-SeedingOnlineJob -Items $names }
        'backup-now' { $document = Start-SeedingBackup -Items $names }
    }
    Write-SeedingDocument -Document $document
    exit 0
} catch {
    $code = ($_.FullyQualifiedErrorId -split ',')[0]
    if ($code -like 'Seeding*') {
        Write-SeedingDocument -Document (New-SeedingRefusal -Kind $Kind -Code $code -Message $_.Exception.Message)
        exit 1
    }
    [Console]::Error.WriteLine("$($_.Exception.Message) (line $($_.InvocationInfo.ScriptLineNumber))")
    exit 2
}
