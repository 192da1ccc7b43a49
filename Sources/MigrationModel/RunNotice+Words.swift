// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

extension RunNotice {
    /// The code and the words of the notice. No other code words a notice of a run.
    var texts: (code: String, words: String) {
        switch self {
        case .endpointStopped(let endpoint, let message):
            (
                "endpoint-down",
                "\(endpoint) does not answer; its images wait and keep their tries: \(message)"
            )
        case .endpointAnswers(let endpoint, let seconds):
            ("endpoint-answers", "\(endpoint) answers again, after \(seconds) s")
        case .retriesUsedUp:
            (
                "retries-used-up",
                "retry budget used up: no more retries in this run; fix the cause, then run again"
            )
        case .bandwidthChanged(let rate): ("bandwidth-changed", "bandwidth: \(rate)")
        case .limitsChanged(let rate, let images, let wanted):
            (
                "limits-changed",
                "limits: bandwidth \(rate), \(Self.words(images, wanted)) (set with `tranship limit`)"
            )
        }
    }

    private static func words(_ images: ImagesAtOnce, _ wanted: Int?) -> String {
        guard case .atMost(let images) = images else {
            return "images at once as the run finds best"
        }
        let instead = wanted.map {
            " instead of \($0), since this process may open no more files"
        }
        return "\(counted(images, "image")) at once" + (instead ?? "")
    }
}

extension TransferNotice {
    /// The code and the words of the notice. No other code words a notice of a transfer.
    var texts: (code: String, words: String) {
        switch self {
        case .waits(let reason): (reason.code, reason.words)
        case .failed(let failure): (failure.code.rawValue, failure.message)
        case .sourceBroke(let bytes, let message):
            (
                "source-broke",
                "the source broke after \(bytes) bytes and is opened again there: \(message)"
            )
        case .sourceCannotContinue(let bytes, let reason):
            (
                "source-cannot-continue",
                "the source broke after \(bytes) bytes and cannot continue there: \(reason)"
            )
        case .usesSpool(let reason): ("uses-spool", "it uses the spool now: \(reason.words)")
        case .spoolIsFull(let message):
            ("no-room", "\(message); images that need room wait until others are sent")
        case .spoolReadAgain(nil):
            ("spool-read-again", "the spooled data is damaged and is read again")
        case .spoolReadAgain(let message?):
            (
                "spool-read-again",
                "the spooled data cannot be continued and is read again: \(message)"
            )
        case .converting(let old, let new): ("converting", "converting from \(old) to \(new)")
        case .readingBack(let facts):
            ("reading-back", (facts.map { "\($0.words); " } ?? "") + "reading it back")
        case .readingSource:
            ("reading-source", "no checksum is known; reading the source to compare")
        case .comparingSource:
            (
                "comparing-source",
                "the target converted the data; reading the source to compare it with its promise"
            )
        case .notDiscarded(let message):
            ("copy-not-discarded", "could not discard the unfinished copy: \(message)")
        }
    }
}
