// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
public import MigrationModel
public import OpenStackImage

extension TargetOffer {
    /// The requests that a run may send to a target.
    static let requests: [(method: String, path: String)] = [
        ("GET", "/v2/images"), ("POST", "/v2/images"), ("GET", "/v2/images/*"),
        ("PATCH", "/v2/images/*"), ("DELETE", "/v2/images/*"), ("PUT", "/v2/images/*/file"),
        ("PUT", "/v2/images/*/stage"), ("POST", "/v2/images/*/import"),
        ("POST", "/v2/images/*/members"),
    ]

    /// Asks the service for its offer. Facts that it may not or cannot report stay empty: each of
    /// them is only a help.
    public static func look(_ service: ImageService) async throws(TranshipError) -> TargetOffer {
        var offer = TargetOffer(
            hasProjects: service.session.configuration.authentication.usesKeystone)
        if let rules = try await service.session.authenticate().accessRules {
            offer.deniedRequests = requests.filter { method, path in
                // An id is one part of a path. No rule's pattern names the id 0.
                !rules.allows(method, path.replacing("*", with: "0"))
            }.map { "\($0.method) \($0.path)" }
        }
        offer.minorVersion = try await service.minorVersion()
        try await told { () throws(TranshipError) in
            offer.importMethods = try await service.importInfo().methods.map(\.rawValue)
        }
        try await told { () throws(TranshipError) in
            offer.stores = try await service.stores().map {
                Store(id: $0.id, isDefault: $0.isDefault, isReadOnly: $0.isReadOnly)
            }
        }
        try await told { () throws(TranshipError) in
            offer.quotas = try await service.usage().map {
                Quota(name: $0.name, limit: $0.limit, used: $0.used)
            }
        }
        try await told { () throws(TranshipError) in
            let schema = try await service.schema("image")
            offer.diskFormats = schema.allowedValues(of: "disk_format")
            offer.containerFormats = schema.allowedValues(of: "container_format")
            offer.requiredProperties = schema.requiredProperties
        }
        try await told { () throws(TranshipError) in
            let seen = try await service.reportedAlgorithms()
            if !seen.isEmpty { offer.reportedAlgorithms = seen }
            offer.seenAlgorithm = seen.first
        }
        return offer
    }

    /// Takes an answer, if the service gives one.
    private static func told(
        _ ask: () async throws(TranshipError) -> Void
    ) async throws(TranshipError) {
        do {
            try await ask()
        } catch {
            guard error.saysOnlyNothing else { throw error }
        }
    }
}
