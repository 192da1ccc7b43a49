// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension TranshipError {
    /// A stable name for one kind of failure. The journal and JSON contain its raw value.
    ///
    /// A code never changes its name or its meaning. New codes may be added.
    public enum Code: String, CaseIterable, Codable, Sendable, CustomStringConvertible {
        // MARK: Ours and the operator's

        /// An error without a code of its own; see the message.
        case unclassified = "unclassified"
        /// The command line is incomplete or contradicts itself.
        case usage = "usage"
        /// `tranship copy` found no image of the given names that meets the conditions.
        case noImageSelected = "no-image-selected"
        /// The pipeline file cannot be read or contains a mistake. Never retried.
        case invalidPipeline = "invalid-pipeline"
        /// The saved plan no longer fits sources and targets. Plan again.
        case planDrifted = "plan-drifted"
        /// A cloud of the pipeline leads to another Keystone, Image service or project than in the
        /// run that the command works on.
        case placeChanged = "place-changed"
        /// A signal or a cancelled task ended the work. The next run continues it.
        case interrupted = "interrupted"
        /// The text is not a checksum: the algorithm is unknown, or the digits do not fit it.
        case invalidChecksum = "invalid-checksum"

        // MARK: Clouds and identity

        /// clouds.yaml (or secure.yaml, clouds-public.yaml) is missing or broken.
        case invalidCloudsFile = "invalid-clouds-file"
        /// No clouds.yaml has an entry with this name.
        case unknownCloud = "unknown-cloud"
        /// Keystone refused the credentials.
        case authenticationFailed = "authentication-failed"
        /// The service at `auth_url` is not Keystone.
        case notKeystone = "not-keystone"
        /// The catalogue has no Image service, or none in that region.
        case noImageService = "no-image-service"

        // MARK: The network

        /// No connection: unknown host name, connection refused, no route.
        case unreachable = "unreachable"
        /// The connection broke during the exchange: reset, closed, TLS cut.
        case connectionLost = "connection-lost"
        /// A deadline passed, or the other side sent too little for too long.
        case timedOut = "timed-out"
        /// The certificate or the TLS handshake failed.
        case tlsFailed = "tls-failed"
        /// Too many redirects, or a redirect to a scheme that is not allowed.
        case badRedirect = "bad-redirect"
        /// An answer that is not HTTP, not JSON, too large, or incomplete.
        case invalidAnswer = "invalid-answer"

        // MARK: Answers of a service

        /// 400.
        case badRequest = "bad-request"
        /// 401, also with a new token.
        case unauthorized = "unauthorized"
        /// 403: a policy, a protected image, a property that this user may not set.
        case forbidden = "forbidden"
        /// 404, or nothing with this name.
        case notFound = "not-found"
        /// 409: the state of the image does not allow it, or the id is taken.
        case conflict = "conflict"
        /// 410: the image was deleted during the work on it.
        case gone = "gone"
        /// 413: a quota or a size limit of the service. If one image alone is too large, or has too
        /// many properties or tags, the run continues with the others and ends with 3.
        case quotaExceeded = "quota-exceeded"
        /// The data does not have the format that the record declares. The service says so with 415,
        /// or Tranship finds it in the data.
        case formatRejected = "format-rejected"
        /// 416: the range is outside the data.
        case rangeNotSatisfiable = "range-not-satisfiable"
        /// 429, or 503 with Retry-After.
        case rateLimited = "rate-limited"
        /// 5xx: the service failed. Tranship asks again, except after 501, 505, 506, 510 and 511,
        /// which are permanent: these count as other failures and end a command with 1.
        case serviceFailed = "service-failed"
        /// Several images have this name; the message lists their ids.
        case ambiguous = "ambiguous"

        /// The awaited image or task disappeared or reached an unwanted status.
        case waitFailed = "wait-failed"
        /// The deadline passed before the awaited status came.
        case waitTimedOut = "wait-timed-out"
        /// The image has no data yet, so there is nothing to read.
        case noData = "no-data"

        // MARK: Sources

        /// The source cannot be opened or read: missing file, 404, 403.
        case sourceUnavailable = "source-unavailable"
        /// The source has fewer or more bytes than it declared.
        case sourceTruncated = "source-truncated"
        /// The source changed during reading, or since it was planned.
        case sourceChanged = "source-changed"
        /// The bytes do not have the promised checksum. A URL is read again, since another mirror may
        /// have the right data.
        case checksumMismatch = "checksum-mismatch"

        /// The compressed data is damaged, ends early, or is larger than `limits` allow once it is
        /// decompressed.
        case decompressionFailed = "decompression-failed"
        /// The source offers an older version of a series than was copied before.
        case olderVersion = "older-version"
        /// The signature of a checksum list is missing, wrong, expired, or not by a trusted key.
        case signatureRefused = "signature-refused"
        /// The image could not be converted into another format.
        case conversionFailed = "conversion-failed"

        // MARK: Targets and transfers

        /// A file cannot be written: disk full, no permission.
        case targetFailed = "target-failed"
        /// A different image is in the place of this one.
        case targetConflict = "target-conflict"
        /// The id of the source image is not available at the target (`keep_id: true`).
        case idBlocked = "id-blocked"
        /// The plan refuses this image; the message says why.
        case refused = "refused"
        /// The data at the target differs from the data that was sent. Tranship discards the copy. If
        /// the target refuses that, the message names the copy.
        case verificationMismatch = "verification-mismatch"
        /// An import of the service converted the data to another format, which the pipeline does not
        /// accept. The copy is discarded.
        case transformed = "transformed"
        /// No checksum could prove the copy. It was not published.
        case unverifiable = "unverifiable"
        /// An import of the service failed; the message is the reason that its task gives.
        case importFailed = "import-failed"
        /// The deadline passed before the import ended.
        case importTimedOut = "import-timed-out"
        /// The copy is proved, but the target refused a property, a member or the visibility.
        case unpublished = "unpublished"
        /// An image that this one refers to (kernel, ramdisk) could not be copied.
        case dependencyFailed = "dependency-failed"
        /// The image at the target has a status that Tranship cannot explain.
        case unexpectedState = "unexpected-state"

        // MARK: The journal

        /// Another process uses this journal.
        case journalInUse = "journal-in-use"
        /// No journal exists at the expected place: the pipeline never ran here.
        case journalMissing = "journal-missing"
        /// A newer version wrote the journal.
        case journalTooNew = "journal-too-new"
        /// The journal cannot be opened, read or written: disk full, no permission.
        case journalFailed = "journal-failed"

        public var description: String { rawValue }
    }
}
