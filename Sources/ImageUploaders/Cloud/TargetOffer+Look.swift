// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import OpenStackImage

extension TargetOffer {
    /// Asks the service. What it may not or cannot say stays empty.
    public static func look(_ service: ImageService) async throws(TranshipError) -> TargetOffer {
        var offer = TargetOffer(
            hasProjects: service.session.configuration.authentication.usesKeystone)
        do {
            offer.importMethods = try await service.importInfo().methods.map(\.rawValue)
            offer.stores = try await service.stores().map {
                Store(id: $0.id, isDefault: $0.isDefault, isReadOnly: $0.isReadOnly)
            }
            offer.quotas = try await service.usage().map {
                Quota(name: $0.name, limit: $0.limit, used: $0.used)
            }
        } catch {
            guard [.forbidden, .notFound, .badRequest].contains(error.code) else { throw error }
        }
        let seen = try await service.reportedAlgorithms()
        if !seen.isEmpty { offer.reportedAlgorithms = seen }
        return offer
    }
}
