// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// What happens to a run, and not to a single image.
///
/// ``code`` is stable, for programs. ``words`` is for people, and may change in any release.
public enum RunNotice: Hashable, Sendable {
    case endpointStopped(String, message: String)
    case endpointAnswers(String, afterSeconds: Int64)
    case retriesUsedUp
    /// The rate that counts from now on, in words.
    case bandwidthChanged(rate: String)
    /// `tranship limit` changed limits. `imagesWanted` are more than this process may open files for.
    case limitsChanged(rate: String, ImagesAtOnce, imagesWanted: Int?)

    /// For programs: stays as it is in every release.
    public var code: String { texts.code }

    /// As people and JSON get it.
    public var words: String { texts.words }
}

/// What happens to a transfer while it is carried out, beside its state.
///
/// ``code`` is stable, for programs. ``words`` is for people, and may change in any release.
public enum TransferNotice: Hashable, Sendable {
    /// It waits, or starts over.
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

    /// Why the target's report proves nothing; nil if the pipeline asks for it.
    case readingBack(because: IncomparableDigests?)
    /// No checksum is known here that the target reports.
    case readingSource
    /// The target converted data that was not hashed here.
    case comparingSource
    case notDiscarded(message: String)

    /// For programs: stays as it is in every release.
    public var code: String { texts.code }

    /// As people and JSON get it.
    public var words: String { texts.words }
}
