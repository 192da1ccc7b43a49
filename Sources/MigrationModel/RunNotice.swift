// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A notice about a run, not about a single image.
///
/// ``code`` is stable, for programs. ``words`` is for people, and may change in any release.
public enum RunNotice: Hashable, Sendable {
    case endpointStopped(String, message: String)
    case endpointAnswers(String, afterSeconds: Int64)
    case retriesUsedUp
    /// The new rate, in words.
    case bandwidthChanged(rate: String)
    /// `tranship limit` changed limits. `imagesWanted` is set if this process may not open the
    /// files for that number of images.
    case limitsChanged(rate: String, ImagesAtOnce, imagesWanted: Int?)

    /// A name for programs, the same in every release.
    public var code: String { texts.code }

    /// The notice in the words for people and JSON.
    public var words: String { texts.words }
}

/// A notice about a transfer during its work, beside its state.
///
/// ``code`` is stable, for programs. ``words`` is for people, and may change in any release.
public enum TransferNotice: Hashable, Sendable {
    /// The transfer waits, or starts over.
    case waits(WaitReason)
    /// An error of the run, or one that changes nothing for the transfer.
    case failed(Transfer.Failure)

    // MARK: Reading

    /// The source is opened again where it broke.
    case sourceBroke(afterBytes: Int64, message: String)
    /// The source is read again from its first byte.
    case sourceCannotContinue(afterBytes: Int64, reason: String)
    case usesSpool(PlanReason)
    case spoolIsFull(message: String)
    /// The spooled data is damaged, or cannot be continued for the reason in the message.
    case spoolReadAgain(message: String?)
    case converting(from: String, to: String)

    // MARK: Proving

    /// The target's data is read back. Has the reason why its report proves nothing; nil if the
    /// pipeline asks for reading back.
    case readingBack(because: IncomparableDigests?)
    /// The source is read to compare it, because the target reports no checksum that is known here.
    case readingSource
    /// The source is read to compare it with its promise, because the target converted data that
    /// was not hashed here.
    case comparingSource
    case notDiscarded(message: String)

    /// A name for programs, the same in every release.
    public var code: String { texts.code }

    /// The notice in the words for people and JSON.
    public var words: String { texts.words }
}
