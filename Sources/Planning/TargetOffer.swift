// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import MigrationModel
public import OpenStackImage

/// What a target's Image service offers, as far as it tells.
public struct TargetOffer: Sendable, Hashable {
    /// The import methods that it lists; empty when it lists none.
    public var importMethods: [String]
    /// False without Keystone: the tasks of imports need an owner, and the
    /// service answers 500 to imports that nobody owns.
    public var hasProjects: Bool
    /// Empty on a service with one store.
    public var stores: [ImageStore]
    /// This project's quotas; empty where the cloud sets none.
    public var usage: [Usage]
    /// The digests that it reports of new images, strongest first.
    public var reportedAlgorithms: [Checksum.Algorithm]

    public init(
        importMethods: [String] = [], stores: [ImageStore] = [], usage: [Usage] = [],
        reportedAlgorithms: [Checksum.Algorithm] = [.sha512, .md5], hasProjects: Bool = true
    ) {
        self.importMethods = importMethods
        self.stores = stores
        self.usage = usage
        self.reportedAlgorithms = reportedAlgorithms
        self.hasProjects = hasProjects
    }

    /// Asks the service. What it may not or cannot tell stays empty.
    public static func look(
        _ service: ImageService
    ) async throws(TranshipError) -> TargetOffer {
        var offer = TargetOffer(
            hasProjects: service.session.configuration.authentication.usesKeystone)
        do {
            offer.importMethods = try await service.importInfo().methods.map(\.rawValue)
            offer.stores = try await service.stores()
            offer.usage = try await service.usage()
        } catch {
            guard [.forbidden, .notFound, .badRequest].contains(error.code) else { throw error }
        }
        let seen = try await service.reportedAlgorithms()
        if !seen.isEmpty { offer.reportedAlgorithms = seen }
        return offer
    }

    /// The quota of that name; nil where there is none or it is unlimited.
    public func quota(_ name: String) -> Usage? {
        usage.first { $0.name == name && $0.limit >= 0 }
    }
}
