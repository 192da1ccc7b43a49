// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import MigrationModel

/// Complete data that an earlier run has read into the spool, and that was not yet sent to all its
/// targets. A run continues with it, and does not ask the source again.
final class SpooledData: Sendable {
    private struct Version: Hashable {
        var sourceKey: String
        var fingerprint: String
    }

    private let versions = Guarded<Set<Version>>([])

    /// Notes the complete files of the spool.
    ///
    /// - Parameter entries: all files of the spool.
    func note(_ entries: [SpoolEntry]) {
        let whole = entries.filter(\.isComplete).map {
            Version(sourceKey: $0.sourceKey, fingerprint: $0.fingerprint)
        }
        versions.withLock { $0 = Set(whole) }
    }

    func has(_ source: SourceImage) -> Bool {
        let version = Version(sourceKey: source.key, fingerprint: source.fingerprint)
        return versions.withLock { $0.contains(version) }
    }
}
