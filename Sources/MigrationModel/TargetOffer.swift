// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The features and limits of a target's service, as far as it reports them.
public struct TargetOffer: Sendable, Hashable {
    /// A place where the service keeps image data.
    public struct Store: Sendable, Hashable {
        public var id: String
        /// True if the store takes data that is sent without the name of a store.
        public var isDefault: Bool
        /// True if data can be read from the store, but not written to it.
        public var isReadOnly: Bool

        public init(id: String, isDefault: Bool = false, isReadOnly: Bool = false) {
            self.id = id
            self.isDefault = isDefault
            self.isReadOnly = isReadOnly
        }
    }

    /// A quota of the target's project.
    public struct Quota: Sendable, Hashable {
        /// One of `image_size_total` and `image_stage_total` (in MiB; the copy in each store
        /// counts), `image_count_total` and `image_count_uploading`.
        public var name: String
        /// -1 means unlimited.
        public var limit: Int64
        /// The used amount, in the unit of the limit.
        public var used: Int64

        public init(name: String, limit: Int64, used: Int64) {
            self.name = name
            self.limit = limit
            self.used = used
        }
    }

    /// The import methods that the service lists; may be empty.
    public var importMethods: [String]
    /// False without Keystone. The tasks of imports need an owner, and without one the service
    /// answers 500 to an import.
    public var hasProjects: Bool
    /// Empty on a service with one store.
    public var stores: [Store]
    /// This project's quotas; empty if the cloud sets none.
    public var quotas: [Quota]
    /// The algorithms of the digests that the service reports for new images, strongest first.
    public var reportedAlgorithms: [Checksum.Algorithm]
    /// The strongest of ``reportedAlgorithms``, if an image of the service shows it; nil if the
    /// algorithms are a guess.
    public var seenAlgorithm: Checksum.Algorithm?

    /// True if the id of a removed image can be used again at the target. An Image service never
    /// allows that.
    public var givesIDsAgain = false
    /// True if a record gets exactly the source's members and their answers: members need not
    /// accept the copy, and a member that is gone at the source is removed.
    public var mirrorsMembers = false
    /// The disk formats that the service takes; empty if it does not report them.
    public var diskFormats: [String] = []
    /// The container formats that the service takes; empty if it does not report them.
    public var containerFormats: [String] = []
    /// The properties that every record must have.
    public var requiredProperties: [String] = []
    /// The minor number of the newest API version, such as 17 for version 2.17; nil if the service
    /// does not report it.
    public var minorVersion: Int?
    /// The requests of a run that the access rules of our application credential do not allow:
    /// `PUT /v2/images/*/file`.
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

    /// Returns the part of a quota that is left, in its unit; nil if there is no such quota
    /// or it has no limit. Negative when more than the limit is used.
    public func left(of name: String) -> Int64? {
        quotas.first { $0.name == name && $0.limit >= 0 }.map {
            $0.limit.clampedDifference($0.used)
        }
    }
}
