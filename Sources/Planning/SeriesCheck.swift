// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel
internal import MigrationPipeline

/// Finds entries that claim to be versions of one series, and entries that are the same.
struct SeriesCheck {
    private struct Seen {
        let key: String
        let claim: SeriesClaim
        let isRefused: Bool
    }

    private var seen: [String: Seen] = [:]
    private var keys: [String: SeriesClaim] = [:]

    /// Refuses the image if a server's answer gives it the same series or key as one before it:
    /// then the pipeline file is right, and the other sources continue.
    ///
    /// - Throws: ``TranshipError/Code/invalidPipeline`` if the pipeline file alone causes the
    ///   collision.
    mutating func check(_ listed: inout ListedImage) throws(TranshipError) {
        guard let claim = listed.series else { return }
        let lineage = listed.image.lineage
        if let first = keys[listed.image.key] {
            let isOfServer = claim.hasFileOfServer || first.hasFileOfServer
            try meet(
                &listed, isOfServer: isOfServer,
                "is read by the source at \(first.position) already",
                // A query is not part of the key: it may be a signature, which changes from day to
                // day.
                hint: isOfServer
                    ? "leave one of the two entries out, or let `latest` or `products` select "
                        + "another file"
                    : "leave one of them out, or give each a `name` of its own; of globs and "
                        + "`latest`, only one may have the file (of a URL, what follows ? does not "
                        + "count)")
            // The plan has each key only once, and it has to show this image too.
            listed.image.key += " (\(claim.position))"
            return
        }
        keys[listed.image.key] = claim
        if let first = seen[lineage], first.key != listed.image.key, !claim.allowsSeveral {
            let isOneEntry = first.claim.position == claim.position
            // Of one entry's products, only those with the same series are refused.
            if isOneEntry, listed.refusal != nil { return }
            if isOneEntry, first.isRefused {
                seen[lineage] = Seen(key: listed.image.key, claim: claim, isRefused: false)
                return
            }
            return try meet(
                &listed,
                isOfServer: (isOneEntry && claim.hasFileOfServer) || claim.hasSeriesOfServer
                    || first.claim.hasSeriesOfServer,
                "has the same series as the source at \(first.claim.position), so that each would "
                    + "replace the other",
                hint: "give one of them another name or another `series`")
        }
        seen[lineage] = Seen(
            key: listed.image.key, claim: claim, isRefused: listed.refusal != nil)
    }

    private func meet(
        _ listed: inout ListedImage, isOfServer: Bool, _ words: String, hint: String
    ) throws(TranshipError) {
        let sentence = "\(listed.image.displayName) \(words)"
        guard isOfServer else {
            throw TranshipError(
                .invalidPipeline, "\(listed.series?.position ?? ""): \(sentence)", hint: hint)
        }
        listed.refusal = listed.refusal ?? TranshipError(.refused, sentence, hint: hint)
    }
}
