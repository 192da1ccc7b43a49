// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// How ``ImageService/createImage(_:from:_:onProgress:)`` works.
public struct CreateOptions: Sendable {
    /// The checksums that the data must have. They are recorded in the image, and compared with an
    /// existing image of the same name.
    public var expected: [Checksum]
    /// True creates another image if the name is taken, without a check.
    public var allowsDuplicates: Bool
    /// How this program sends the data.
    public var way: Way
    /// The stores that get the data.
    public var stores: ImportRequest.Stores
    /// False lets an import succeed if some of several stores fail.
    public var allStoresMustSucceed: Bool?
    /// Compares the checksums that the service reports with the data that was sent.
    public var validates: Bool
    /// Waits at this pace until an import ends. Nil returns at once and compares nothing. A direct
    /// upload needs no wait.
    public var waiting: Pace?
    /// Adds the properties of `disable_vendor_agent` in the entry of the cloud.
    public var disablesVendorAgent: Bool
    /// Records md5 and sha256 of the data as openstacksdk does, so that each recognises the images
    /// of the other.
    public var recordsChecksums: Bool
    /// After a failure, deletes the record that this call created. The cloud never uses its id
    /// again, even if you chose the id.
    public var deletesBroken: Bool

    /// By default it validates, waits, records, and cleans up after a failure.
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

    /// How this program sends the data.
    public enum Way: Sendable, Hashable {
        /// An upload into one store, an import into several.
        case automatic
        /// One request.
        case upload
        /// Staged, then imported by `glance-direct`. The service may convert the data, and put it
        /// into several stores.
        case stagedImport
    }
}

/// Where the data of a new image comes from.
public enum NewImageData: Sendable {
    /// This program sends it.
    case sent(ImageDataSource)
    /// The service fetches it: `web-download` or `glance-download`.
    case fetched(ImportRequest.Method)

    /// A file. This program sends it; see ``ImageDataSource/file(_:)``.
    public static func file(_ path: String) -> Self { .sent(.file(path)) }
    /// Bytes in memory. This program sends them.
    public static func bytes(_ bytes: [UInt8]) -> Self { .sent(.bytes(bytes)) }
}

/// What ``ImageService/createImage(_:from:_:onProgress:)`` created or found.
public struct CreatedImage: Sendable {
    /// The final record.
    public let image: Image
    /// False for an existing image with the same data.
    public let isNew: Bool
    /// What was sent; nil if nothing was.
    public let sent: SentData?
    /// Whether the stored data was compared with the expected data.
    public let proof: Proof

    /// What is known about the stored data.
    public enum Proof: Sendable, Hashable {
        /// The service reports the expected checksum.
        case match(Checksum)
        /// The service converted the data during the import, so nothing can be compared.
        case transformed
        /// Nothing was compared: not requested, not waited for, no data, or no checksum.
        case notCompared
    }
}
