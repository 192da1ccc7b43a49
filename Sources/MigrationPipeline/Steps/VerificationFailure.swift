// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// The reason that a copy does not count as proved.
enum VerificationFailure {
    /// The target fetched data that differs from the source's promise.
    case fetchedOther(DataDifference, Promiser?)
    /// The target has other bytes than this process sent.
    case otherThanSent(DataDifference)
    /// The target has data that differs from the source's promise. This process hashed nothing.
    case otherThanPromised(DataDifference, Promiser?, VerificationMode)
    /// The data that was read back from the target differs.
    case readBack(Reading)
    /// The service changed the data.
    case transformed(DataDifference, Transformation, severalStores: Bool)
    /// Another process made the copy, and nothing proves it.
    case unproved(imageID: String?, Unproved, isPublished: Bool)

    /// The result of reading the target's data.
    enum Reading {
        /// The verifier says which digests differ.
        case otherBytes(message: String)
        case more(thanBytes: Int64)
        /// - Parameter isCut: true if the connection broke, so another try may read the rest.
        case fewer(bytes: Int64, ofBytes: Int64, isCut: Bool)
    }

    enum Transformation { case converted, decompressedOrDamaged }

    enum Unproved {
        case nothingInCommon(IncomparableDigests)
        case transformed(DataDifference)
        case sourceHasOther(DataDifference)
    }

    /// The error, which is worded only here.
    var error: TranshipError {
        switch self {
        case .fetchedOther(let difference, let promiser):
            TranshipError(
                .verificationMismatch,
                "the target fetched other data than the source promises: \(difference.words)"
                    + Self.origin(promiser),
                hint:
                    "check that the source and its checksum are of the same version; if they are, "
                    + "the data is damaged, or the target fetched it from another mirror")
        case .otherThanSent(let difference):
            Self.damaged("the target holds other bytes than were sent: \(difference.words)")
        case .otherThanPromised(let difference, let promiser, let mode):
            TranshipError(
                .verificationMismatch,
                "the target holds other data than the source promises: \(difference.words)"
                    + Self.origin(promiser),
                hint: "check that the source and its checksum are of the same version; "
                    + (mode == .services ? "with `verify: proof`, the next run" : "the next run")
                    + " hashes the data and shows whether the source or the target is wrong")
        case .readBack(let reading):
            Self.damaged(
                "read back from the target: \(reading.words)", isTransient: reading.isCut)
        case .transformed(let difference, let transformation, let severalStores):
            transformation.error(difference, severalStores: severalStores)
        case .unproved(let imageID, let unproved, let isPublished):
            TranshipError(
                .unverifiable,
                "image \(imageID ?? "?") is a copy of ours, and nothing proves it: "
                    + unproved.words,
                hint: isPublished
                    ? "delete that image, and run again: a checksum of the published data does not "
                        + "prove it"
                    : "name the source's checksum in the pipeline, or delete that image")
        }
    }

    private static func origin(_ promiser: Promiser?) -> String {
        promiser.map { "; the promise comes from \($0.words)" } ?? ""
    }

    private static func damaged(_ message: String, isTransient: Bool = false) -> TranshipError {
        TranshipError(
            .verificationMismatch, message,
            hint: "run again, and check the target's store if it happens again",
            isTransient: isTransient)
    }
}

extension VerificationFailure.Reading {
    fileprivate var words: String {
        switch self {
        case .otherBytes(let message): message
        case .more(let bytes): "more than \(bytes) bytes came"
        case .fewer(let bytes, let all, _): "of \(all) bytes came \(bytes)"
        }
    }

    /// True if the data at the target may be right.
    fileprivate var isCut: Bool {
        if case .fewer(_, _, isCut: true) = self { true } else { false }
    }
}

extension VerificationFailure.Transformation {
    fileprivate func error(_ difference: DataDifference, severalStores: Bool) -> TranshipError {
        let isConverted = self == .converted
        let copying =
            severalStores
            ? ", with an administrator's entry: only administrators may copy the image into the "
                + "other stores" : ""
        return TranshipError(
            isConverted ? .transformed : .verificationMismatch,
            "the target \(isConverted ? "converted" : "decompressed or damaged") the data: "
                + difference.words,
            hint: (isConverted ? "" : "if this cloud decompresses images on import, ")
                + "accept it with accept_transformed: true, or use method: upload, "
                + "which converts nothing\(copying)")
    }
}

extension VerificationFailure.Unproved {
    fileprivate var words: String {
        switch self {
        case .nothingInCommon(let facts): facts.words
        case .transformed(let difference): difference.words
        case .sourceHasOther(let difference): "the source has other data: \(difference.words)"
        }
    }
}
