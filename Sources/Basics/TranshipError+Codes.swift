// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension TranshipError {
    /// A stable name for one kind of failure. The journal and JSON write its raw value.
    ///
    /// A code never changes its meaning or its name; new ones may come.
    public enum Code: String, CaseIterable, Codable, Sendable, CustomStringConvertible {
        // MARK: Ours and the operator's

        /// Something that has no name of its own yet; the message is all there is.
        case unclassified = "unclassified"
        /// The command line does not say what it must.
        case usage = "usage"
        /// The pipeline file cannot be read or says what it must not; never retried.
        case invalidPipeline = "invalid-pipeline"
        /// A documented key of the pipeline file whose code does not exist yet.
        case notBuiltYet = "not-built-yet"
        /// The saved plan and the world no longer agree; plan again.
        case planDrifted = "plan-drifted"
        /// A signal or a cancelled task ended it; the next run continues.
        case interrupted = "interrupted"
        /// Not a checksum: unknown algorithm, or digits that do not fit it.
        case invalidChecksum = "invalid-checksum"

        // MARK: Clouds and identity

        /// clouds.yaml (or secure.yaml, clouds-public.yaml) is missing or broken.
        case invalidCloudsFile = "invalid-clouds-file"
        /// No entry of that name in any clouds.yaml.
        case unknownCloud = "unknown-cloud"
        /// Keystone refused the credentials.
        case authenticationFailed = "authentication-failed"
        /// What answers at `auth_url` is no Keystone.
        case notKeystone = "not-keystone"
        /// The catalogue has no Image service, or none in that region.
        case noImageService = "no-image-service"

        // MARK: The network

        /// No connection: name not found, refused, no route.
        case unreachable = "unreachable"
        /// A connection that broke in the middle: reset, closed, TLS cut.
        case connectionLost = "connection-lost"
        /// A deadline passed, or the other side sent too little for too long.
        case timedOut = "timed-out"
        /// The certificate or the TLS handshake was not accepted.
        case tlsFailed = "tls-failed"
        /// More redirects than allowed, or one to a scheme that is not.
        case badRedirect = "bad-redirect"
        /// An answer that is not HTTP, not JSON, too large, or lacks what it must have.
        case invalidAnswer = "invalid-answer"

        // MARK: Answers of a service

        /// 400.
        case badRequest = "bad-request"
        /// 401 that a new token did not cure.
        case unauthorized = "unauthorized"
        /// 403: policy, protection, a property that this user may not set.
        case forbidden = "forbidden"
        /// 404, or nothing of that name.
        case notFound = "not-found"
        /// 409: the image is not in a state for this, or the id is taken.
        case conflict = "conflict"
        /// 410: it was deleted while we worked on it.
        case gone = "gone"
        /// 413: a quota or a size limit of the service.
        case quotaExceeded = "quota-exceeded"
        /// 415: the data is not in the format that the record declares.
        case formatRejected = "format-rejected"
        /// 416: the range lies outside the data.
        case rangeNotSatisfiable = "range-not-satisfiable"
        /// 429, or 503 with Retry-After.
        case rateLimited = "rate-limited"
        /// 5xx: the service failed.
        case serviceFailed = "service-failed"
        /// Several images answer to one name; the message lists their ids.
        case ambiguous = "ambiguous"

        /// What was waited for went away or ended in a state that was not wanted.
        case waitFailed = "wait-failed"
        /// What was waited for did not come before the deadline.
        case waitTimedOut = "wait-timed-out"
        /// The image has no data yet, so there is nothing to read.
        case noData = "no-data"

        // MARK: Sources

        /// The source could not be opened or read: file missing, 404, 403.
        case sourceUnavailable = "source-unavailable"
        /// The source ended before, or went on after, the size that it declared.
        case sourceTruncated = "source-truncated"
        /// The source changed while it was read, or since it was planned.
        case sourceChanged = "source-changed"
        /// The bytes do not hash to what was promised; never retried.
        case checksumMismatch = "checksum-mismatch"

        // MARK: Targets and transfers

        /// A file that was to be written could not be: full disk, no right.
        case targetFailed = "target-failed"
        /// A different image stands where this one should go.
        case targetConflict = "target-conflict"
        /// The source image's own id cannot be had at the target (`keep_id: true`).
        case idBlocked = "id-blocked"
        /// The plan refuses this image; the message says why.
        case refused = "refused"
        /// What the target reports is not what was sent; the copy was discarded.
        case verificationMismatch = "verification-mismatch"
        /// No digest could prove the copy; it was not published.
        case unverifiable = "unverifiable"
        /// An import task of the service failed; the message is the task's.
        case importFailed = "import-failed"
        /// An import did not end before its deadline.
        case importTimedOut = "import-timed-out"
        /// The copy is proved, but a last property, member or visibility was refused.
        case unpublished = "unpublished"
        /// An image that this one names (kernel, ramdisk) could not be copied.
        case dependencyFailed = "dependency-failed"
        /// The target holds the image in a state that nothing of ours explains.
        case unexpectedState = "unexpected-state"

        // MARK: The journal

        /// Another process works on this journal.
        case journalInUse = "journal-in-use"
        /// The journal was written by a newer version.
        case journalTooNew = "journal-too-new"
        /// The journal cannot be opened, read or written: full disk, no right.
        case journalFailed = "journal-failed"

        public var description: String { rawValue }
    }
}
