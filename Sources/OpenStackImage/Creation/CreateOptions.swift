// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// How ``ImageService/createImage(_:from:_:)`` goes about it.
public struct CreateOptions: Sendable {
    /// What the data must hash to. Recorded in the image, and compared with an
    /// image of that name that is there already.
    public var expected: [Checksum]
    /// True creates another image of a name that is taken, and does not look.
    public var allowsDuplicates: Bool
    /// How data that this program sends reaches the image.
    public var way: Way
    /// Which of a cloud's stores take the data.
    public var stores: ImportRequest.Stores
    /// False lets an import succeed when some of several stores failed.
    public var allStoresMustSucceed: Bool?
    /// Compares what the service reports of the data with what was sent.
    public var validates: Bool
    /// Waits until the service has done an import, at this pace; nil returns
    /// at once, with nothing compared. A direct upload needs no waiting.
    public var waiting: Pace?
    /// Adds what the cloud's entry has under `disable_vendor_agent`.
    public var disablesVendorAgent: Bool
    /// Records the md5 and the sha256 of the data as openstacksdk does, so
    /// that either recognises the other's images.
    public var recordsChecksums: Bool
    /// Deletes the record if it was created here and something failed after
    /// that. Its id is burned by it, also one that was asked for.
    public var deletesBroken: Bool

    /// What is left out is as the properties say: validated, waited for,
    /// recorded, and cleaned up after.
    public init(
        expected: [Checksum] = [], allowsDuplicates: Bool = false, way: Way = .automatic,
        stores: ImportRequest.Stores = .standard, allStoresMustSucceed: Bool? = nil,
        validates: Bool = true, waiting: Pace? = Pace(), disablesVendorAgent: Bool = true,
        recordsChecksums: Bool = true, deletesBroken: Bool = true
    ) {
        self.expected = expected
        self.allowsDuplicates = allowsDuplicates
        self.way = way
        self.stores = stores
        self.allStoresMustSucceed = allStoresMustSucceed
        self.validates = validates
        self.waiting = waiting
        self.disablesVendorAgent = disablesVendorAgent
        self.recordsChecksums = recordsChecksums
        self.deletesBroken = deletesBroken
    }

    /// How data that this program sends reaches the image.
    public enum Way: Sendable, Hashable {
        /// By upload, but by import into several stores.
        case automatic
        /// In one request.
        case upload
        /// Staged, then imported by `glance-direct`: the service may convert
        /// it on the way, and put it into several stores.
        case stagedImport
    }
}

/// Where the data of a new image comes from.
public enum NewImageData: Sendable {
    /// This program sends it.
    case sent(ImageDataSource)
    /// The service gets it: `web-download` or `glance-download`.
    case fetched(ImportRequest.Method)

    /// A file that this program sends; see ``ImageDataSource/file(_:)``.
    public static func file(_ path: String) -> Self { .sent(.file(path)) }
    /// Bytes in memory that this program sends.
    public static func bytes(_ bytes: [UInt8]) -> Self { .sent(.bytes(bytes)) }
}

/// What ``ImageService/createImage(_:from:_:)`` made, or found.
public struct CreatedImage: Sendable {
    /// The record as it is in the end.
    public let image: Image
    /// False for an image that was there and has these bytes already.
    public let isNew: Bool
    /// What was sent; nil where nothing was.
    public let sent: SentData?
    /// Whether the stored data was compared with what it should be.
    public let proof: Proof

    /// What is known of the stored data.
    public enum Proof: Sendable, Hashable {
        /// The service reports what it should.
        case match(Checksum)
        /// The service converted the data while it imported it, so that
        /// nothing can be compared.
        case transformed
        /// Nothing was compared: not asked for, not waited for, no data, or
        /// nothing to compare with.
        case notCompared
    }
}
