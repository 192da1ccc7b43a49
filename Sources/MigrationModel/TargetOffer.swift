// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// What a target's service offers, as far as it says.
public struct TargetOffer: Sendable, Hashable {
    /// A place where the service keeps image data.
    public struct Store: Sendable, Hashable {
        public var id: String
        /// It takes what names no store.
        public var isDefault: Bool
        /// It gives data and takes none.
        public var isReadOnly: Bool

        public init(id: String, isDefault: Bool = false, isReadOnly: Bool = false) {
            self.id = id
            self.isDefault = isDefault
            self.isReadOnly = isReadOnly
        }
    }

    /// A quota of the target's project.
    public struct Quota: Sendable, Hashable {
        /// `image_size_total` and `image_stage_total` (MiB, each store's copy
        /// counts), `image_count_total`, `image_count_uploading`.
        public var name: String
        /// -1 means unlimited.
        public var limit: Int64
        /// In the unit of the limit.
        public var used: Int64

        public init(name: String, limit: Int64, used: Int64) {
            self.name = name
            self.limit = limit
            self.used = used
        }
    }

    /// The import methods that it lists; empty when it lists none.
    public var importMethods: [String]
    /// False without Keystone: the tasks of imports need an owner, and the
    /// service answers 500 to an import without one.
    public var hasProjects: Bool
    /// Empty on a service with one store.
    public var stores: [Store]
    /// This project's quotas; empty if the cloud sets none.
    public var quotas: [Quota]
    /// The digests that it reports of new images, strongest first.
    public var reportedAlgorithms: [Checksum.Algorithm]
    /// The strongest of them, if an image of the service showed it; nil if it is a guess.
    public var seenAlgorithm: Checksum.Algorithm?

    /// True if the target gives an id again once the image was removed, as no Image service does.
    public var givesIDsAgain = false
    /// True if a record has the members and their answers as the source has them: no member has to
    /// accept the copy, and one who is gone at the source is taken out.
    public var mirrorsMembers = false
    /// The disk formats that it takes; empty if it does not say.
    public var diskFormats: [String] = []
    /// The container formats that it takes; empty if it does not say.
    public var containerFormats: [String] = []
    /// Properties without which it takes no record.
    public var requiredProperties: [String] = []
    /// The 17 of its newest API version 2.17; nil if it does not say.
    public var minorVersion: Int?
    /// Requests that the access rules of our application credential lack, of those that a run
    /// sends: `PUT /v2/images/*/file`.
    public var deniedRequests: [String] = []

    public init(
        importMethods: [String] = [], stores: [Store] = [], quotas: [Quota] = [],
        reportedAlgorithms: [Checksum.Algorithm] = [.sha512, .md5], hasProjects: Bool = true
    ) {
        self.importMethods = importMethods
        self.stores = stores
        self.quotas = quotas
        self.reportedAlgorithms = reportedAlgorithms
        self.hasProjects = hasProjects
    }

    /// The ids of the stores that take data.
    public var writableStores: [String] { stores.filter { !$0.isReadOnly }.map(\.id) }

    /// How much of a quota is left, in its unit; nil if there is no such quota
    /// or it has no limit. Negative when more than the limit is used.
    public func left(of name: String) -> Int64? {
        quotas.first { $0.name == name && $0.limit >= 0 }.map {
            $0.limit.clampedDifference($0.used)
        }
    }
}
