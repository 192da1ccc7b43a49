// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A parser of bytes that others wrote: a server, a file's author, or another user's journal.
///
/// The raw value names the target for `make fuzz TARGET=…` and the folder of its corpus.
enum FuzzTarget: String, CaseIterable {
    /// JSON of the Image service, API v2, and the pipeline's use of it.
    case imageAnswers = "image-answers"
    /// Header fields and JSON of the Image service, API v1.
    case legacyAnswers = "legacy-answers"
    /// Keystone's answers with their catalogues.
    case keystoneAnswers = "keystone-answers"
    /// Answers with an error: JSON, HTML or text.
    case refusals
    /// Content-Range, Content-Disposition, Retry-After, dates, checksums, sizes.
    case headerFields = "header-fields"
    /// URLs from catalogues, redirects and `next` links.
    case addresses
    case cloudsFile = "clouds-file"
    case pipelineFile = "pipeline-file"
    case checksumList = "checksum-list"
    /// The first bytes of image data.
    case imageHead = "image-head"
    case savedPlan = "saved-plan"
    /// The compressed body of a row of the journal.
    case journalBody = "journal-body"
    /// The contents of a row of the journal.
    case journalRow = "journal-row"

    /// Parses the bytes and uses the values as a command would. A refusal is a right result; a
    /// trap, a hang or much memory is not.
    func run(_ bytes: [UInt8]) {
        switch self {
        case .imageAnswers: FuzzedImageAnswer.run(bytes)
        case .legacyAnswers: FuzzedLegacyAnswer.run(bytes)
        case .keystoneAnswers: FuzzedKeystoneAnswer.run(bytes)
        case .refusals: FuzzedRefusal.run(bytes)
        case .headerFields: FuzzedHeaderFields.run(bytes)
        case .addresses: FuzzedAddress.run(bytes)
        case .cloudsFile: FuzzedCloudsFile.run(bytes)
        case .pipelineFile: FuzzedPipelineFile.run(bytes)
        case .checksumList: FuzzedChecksumList.run(bytes)
        case .imageHead: FuzzedImageHead.run(bytes)
        case .savedPlan: FuzzedSavedPlan.run(bytes)
        case .journalBody: FuzzedJournalBody.run(bytes)
        case .journalRow: FuzzedJournalRow.run(bytes)
        }
    }
}
