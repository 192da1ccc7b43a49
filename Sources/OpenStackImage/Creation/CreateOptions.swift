// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The options of ``ImageService/createImage(_:from:_:onProgress:)``.
public struct CreateOptions: Sendable {
    /// The checksums that the data must have. The image records them, and an existing image of the
    /// same name is compared with them.
    public var expected: [Checksum]
    /// True to create another image if the name is taken, without a check.
    public var allowsDuplicates: Bool
    /// The way in which this program sends the data.
    public var way: Way
    /// The stores that get the data.
    public var stores: ImportRequest.Stores
    /// False to let an import succeed if some of several stores fail.
    public var allStoresMustSucceed: Bool?
    /// True to compare the checksums that the service reports with the data that was sent.
    public var validates: Bool
    /// The pace of the wait for the end of an import. Nil to return at once and compare nothing. A
    /// direct upload needs no wait.
    public var waiting: Pace?
    /// True to add the properties of `disable_vendor_agent` in the entry of the cloud.
    public var disablesVendorAgent: Bool
    /// True to record md5 and sha256 of the data as openstacksdk does, so that each program
    /// recognises the images of the other.
    public var recordsChecksums: Bool
    /// True to delete the record that this call created, after a failure. The cloud never uses its
    /// id again, even if you chose the id.
    public var deletesBroken: Bool

    /// Creates options that by default validate, wait, record, and clean up after a failure.
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

    /// A way in which this program sends the data.
    public enum Way: Sendable, Hashable {
        /// An upload into one store, or an import into several.
        case automatic
        /// An upload in one request.
        case upload
        /// Staging, then an import by `glance-direct`. The service may convert the data, and put it
        /// into several stores.
        case stagedImport
    }
}

/// The origin of the data of a new image.
public enum NewImageData: Sendable {
    /// Data that this program sends.
    case sent(ImageDataSource)
    /// Data that the service fetches: `web-download` or `glance-download`.
    case fetched(ImportRequest.Method)

    /// A file. This program sends it; see ``ImageDataSource/file(_:)``.
    public static func file(_ path: String) -> Self { .sent(.file(path)) }
    /// Bytes in memory. This program sends them.
    public static func bytes(_ bytes: [UInt8]) -> Self { .sent(.bytes(bytes)) }
}

/// The image that ``ImageService/createImage(_:from:_:onProgress:)`` created or found.
public struct CreatedImage: Sendable {
    /// The final record.
    public let image: Image
    /// False for an existing image with the same data.
    public let isNew: Bool
    /// The data that was sent; nil if none was.
    public let sent: SentData?
    /// The result of comparing the stored data with the expected data.
    public let proof: Proof

    /// A result of comparing the stored data with the expected data.
    public enum Proof: Sendable, Hashable {
        /// The service reports the expected checksum.
        case match(Checksum)
        /// The service converted the data during the import, so nothing can be compared.
        case transformed
        /// Nothing was compared: not requested, no wait for the end, no data, or no checksum.
        case notCompared
    }
}
