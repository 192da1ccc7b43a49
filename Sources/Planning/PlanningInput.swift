// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
public import HTTPTransport
public import MigrationModel
public import OpenStackImage
public import PipelineFiles

/// A source of the pipeline with what is needed to look at it.
public struct PlanningSource: Sendable {
    public enum Kind: Sendable {
        case cloud(CloudSource, ImageService)
        /// A cloud that is spoken to in Images API v1.
        case legacyCloud(CloudSource, LegacyImageService)
        case url(URLSource, HTTPClient, HTTPHeaders)
        case file(FileSource, baseDirectory: String)
    }

    /// Its place in the pipeline's `sources`, from 0.
    public var index: Int
    public var kind: Kind

    public init(index: Int, kind: Kind) {
        self.index = index
        self.kind = kind
    }
}

/// A target of the pipeline with what is needed to look at it.
public struct PlanningTarget: Sendable {
    /// Stable over runs: it stands in the journal.
    public var key: String
    public var rules: CloudTarget
    public var service: ImageService
    /// The project that the target's user is in; nil without Keystone.
    public var projectID: String?
    /// True when source and target share a Keystone, by source index.
    public var sharesKeystone: Set<Int>
    /// Of those, the sources that are another region.
    public var siblings: Set<Int>
    public var offer: TargetOffer
    public var verification: VerificationMode

    public init(
        key: String, rules: CloudTarget, service: ImageService, projectID: String?,
        sharesKeystone: Set<Int> = [], siblings: Set<Int> = [], offer: TargetOffer = .init(),
        verification: VerificationMode = .proof
    ) {
        self.key = key
        self.rules = rules
        self.service = service
        self.projectID = projectID
        self.sharesKeystone = sharesKeystone
        self.siblings = siblings
        self.offer = offer
        self.verification = verification
    }
}

extension PlanningTarget {
    /// Stores that an image is put into.
    var storeCount: Int64 {
        switch PlannedRecord.Stores(rules.stores) {
        case .standard: 1
        case .named(let names): Int64(names.count)
        case .all: Int64(max(1, offer.stores.count { !$0.isReadOnly }))
        }
    }
}

/// What planning tells while it works.
public enum PlanningEvent: Sendable {
    case listing(what: String, images: Int)
    case warning(String)
}
