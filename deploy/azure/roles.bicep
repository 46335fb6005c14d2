// The product's roles in Azure: least privilege, one custom role per actor, and the hub's split by scope.
// Written from deploy/azure/needs.py by `make docs`; never edit it. docs/azure-roles.md says how to assign them.
// Not yet compiled or deployed: no Bicep and no subscription were at hand. Its structure is checked by a test.
targetScope = 'subscription'

resource hub 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'offline-seeding', 'hub')
  properties: {
    roleName: 'Offline Seeding hub (${subscription().displayName})'
    description: 'Orders, reads what arrived, deletes what a finished seed leaves. For the groups of order, account and vault.'
    type: 'CustomRole'
    assignableScopes: [
      subscription().id
    ]
    permissions: [
      {
        actions: [
          'Microsoft.DataBox/jobs/bookShipmentPickUp/action'
          'Microsoft.DataBox/jobs/cancel/action'
          'Microsoft.DataBox/jobs/delete'
          'Microsoft.DataBox/jobs/listCredentials/action'
          'Microsoft.DataBox/jobs/markDevicesShipped/action'
          'Microsoft.DataBox/jobs/read'
          'Microsoft.DataBox/jobs/write'
          'Microsoft.DataBox/locations/availableSkus/action'
          'Microsoft.DataBox/locations/regionConfiguration/action'
          'Microsoft.DataBox/locations/validateInputs/action'
          'Microsoft.RecoveryServices/Vaults/backupEngines/read'
          'Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/read'
          'Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/read'
          'Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/read'
          'Microsoft.RecoveryServices/Vaults/backupJobs/read'
          'Microsoft.RecoveryServices/Vaults/backupPolicies/read'
          'Microsoft.RecoveryServices/Vaults/backupProtectedItems/read'
          'Microsoft.RecoveryServices/Vaults/backupProtectionContainers/read'
          'Microsoft.RecoveryServices/Vaults/read'
          'Microsoft.Storage/storageAccounts/blobServices/containers/delete'
          'Microsoft.Storage/storageAccounts/blobServices/containers/read'
          'Microsoft.Storage/storageAccounts/managementPolicies/read'
          'Microsoft.Storage/storageAccounts/read'
        ]
        notActions: []
        dataActions: [
          'Microsoft.KeyVault/vaults/secrets/getSecret/action'
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'
        ]
        notDataActions: []
      }
    ]
  }
}

resource hubSubscription 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'offline-seeding', 'hub-subscription')
  properties: {
    roleName: 'Offline Seeding hub-subscription (${subscription().displayName})'
    description: 'The questions of the hub that Azure takes at a subscription only. Changes nothing.'
    type: 'CustomRole'
    assignableScopes: [
      subscription().id
    ]
    permissions: [
      {
        actions: [
          'Microsoft.Authorization/locks/read'
          'Microsoft.DataBox/locations/validateAddress/action'
          'Microsoft.Insights/eventtypes/values/read'
          'Microsoft.Resources/subscriptions/providers/read'
          'Microsoft.Storage/storageAccounts/read'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

resource office 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'offline-seeding', 'office')
  properties: {
    roleName: 'Offline Seeding office (${subscription().displayName})'
    description: 'Reads and keeps the keys of own drives. For the Key Vault of that office alone, or for nothing at all.'
    type: 'CustomRole'
    assignableScopes: [
      subscription().id
    ]
    permissions: [
      {
        actions: []
        notActions: []
        dataActions: [
          'Microsoft.KeyVault/vaults/secrets/getSecret/action'
          'Microsoft.KeyVault/vaults/secrets/setSecret/action'
        ]
        notDataActions: []
      }
    ]
  }
}

resource auditor 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'offline-seeding', 'auditor')
  properties: {
    roleName: 'Offline Seeding auditor (${subscription().displayName})'
    description: 'Sees orders, vault and account as the hub does. Changes nothing and reads no data and no secret.'
    type: 'CustomRole'
    assignableScopes: [
      subscription().id
    ]
    permissions: [
      {
        actions: [
          'Microsoft.DataBox/jobs/read'
          'Microsoft.RecoveryServices/Vaults/backupEngines/read'
          'Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/read'
          'Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/read'
          'Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/read'
          'Microsoft.RecoveryServices/Vaults/backupJobs/read'
          'Microsoft.RecoveryServices/Vaults/backupPolicies/read'
          'Microsoft.RecoveryServices/Vaults/backupProtectedItems/read'
          'Microsoft.RecoveryServices/Vaults/backupProtectionContainers/read'
          'Microsoft.RecoveryServices/Vaults/read'
          'Microsoft.Storage/storageAccounts/blobServices/containers/read'
          'Microsoft.Storage/storageAccounts/managementPolicies/read'
          'Microsoft.Storage/storageAccounts/read'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

output hubRoleId string = hub.id
output hubSubscriptionRoleId string = hubSubscription.id
output officeRoleId string = office.id
output auditorRoleId string = auditor.id
