// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

extension MigrationError.Code {
    private init(_ rawValue: String) {
        self.init(rawValue: rawValue)
    }

    // MARK: Ours and the operator's

    /// Something that has no name of its own yet; the message is all there is.
    public static let unclassified = Self("unclassified")
    /// The command line does not say what it must.
    public static let usage = Self("usage")
    /// The pipeline file cannot be read or says what it must not; never retried.
    public static let invalidPipeline = Self("invalid-pipeline")
    /// A documented key of the pipeline file whose code does not exist yet.
    public static let notBuiltYet = Self("not-built-yet")
    /// The saved plan and the world no longer agree; plan again.
    public static let planDrifted = Self("plan-drifted")
    /// A signal or a cancelled task ended it; the next run continues.
    public static let interrupted = Self("interrupted")
    /// Not a checksum: unknown algorithm, or digits that do not fit it.
    public static let invalidChecksum = Self("invalid-checksum")

    // MARK: Clouds and identity

    /// clouds.yaml (or secure.yaml, clouds-public.yaml) is missing or broken.
    public static let invalidCloudsFile = Self("invalid-clouds-file")
    /// No entry of that name in any clouds.yaml.
    public static let unknownCloud = Self("unknown-cloud")
    /// Keystone refused the credentials.
    public static let authenticationFailed = Self("authentication-failed")
    /// What answers at `auth_url` is no Keystone.
    public static let notKeystone = Self("not-keystone")
    /// The catalogue has no Image service, or none in that region.
    public static let noImageService = Self("no-image-service")

    // MARK: The network

    /// No connection: name not found, refused, no route.
    public static let unreachable = Self("unreachable")
    /// A connection that broke in the middle: reset, closed, TLS cut.
    public static let connectionLost = Self("connection-lost")
    /// A deadline passed, or the other side sent too little for too long.
    public static let timedOut = Self("timed-out")
    /// The certificate or the TLS handshake was not accepted.
    public static let tlsFailed = Self("tls-failed")
    /// More redirects than allowed, or one to a scheme that is not.
    public static let badRedirect = Self("bad-redirect")
    /// An answer that is not HTTP, not JSON, too large, or lacks what it must have.
    public static let invalidAnswer = Self("invalid-answer")

    // MARK: Answers of a service

    /// 400.
    public static let badRequest = Self("bad-request")
    /// 401 that a new token did not cure.
    public static let unauthorized = Self("unauthorized")
    /// 403: policy, protection, a property that this user may not set.
    public static let forbidden = Self("forbidden")
    /// 404, or nothing of that name.
    public static let notFound = Self("not-found")
    /// 409: the image is not in a state for this, or the id is taken.
    public static let conflict = Self("conflict")
    /// 410: it was deleted while we worked on it.
    public static let gone = Self("gone")
    /// 413: a quota or a size limit of the service.
    public static let quotaExceeded = Self("quota-exceeded")
    /// 415: the data is not in the format that the record declares.
    public static let formatRejected = Self("format-rejected")
    /// 416: the range lies outside the data.
    public static let rangeNotSatisfiable = Self("range-not-satisfiable")
    /// 429, or 503 with Retry-After.
    public static let rateLimited = Self("rate-limited")
    /// 5xx: the service failed.
    public static let serviceFailed = Self("service-failed")
    /// Several images answer to one name; the message lists their ids.
    public static let ambiguous = Self("ambiguous")

    /// What was waited for went away or ended in a state that was not wanted.
    public static let waitFailed = Self("wait-failed")
    /// What was waited for did not come before the deadline.
    public static let waitTimedOut = Self("wait-timed-out")
    /// The image has no data yet, so there is nothing to read.
    public static let noData = Self("no-data")

    // MARK: Sources

    /// The source could not be opened or read: file missing, 404, 403.
    public static let sourceUnavailable = Self("source-unavailable")
    /// The source ended before, or went on after, the size that it declared.
    public static let sourceTruncated = Self("source-truncated")
    /// The source changed while it was read, or since it was planned.
    public static let sourceChanged = Self("source-changed")
    /// The bytes do not hash to what was promised; never retried.
    public static let checksumMismatch = Self("checksum-mismatch")

    // MARK: Targets and transfers

    /// A file that was to be written could not be: full disk, no right.
    public static let targetFailed = Self("target-failed")
    /// A different image stands where this one should go.
    public static let targetConflict = Self("target-conflict")
    /// The source image's own id cannot be had at the target (`keep_id: true`).
    public static let idBlocked = Self("id-blocked")
    /// The plan refuses this image; the message says why.
    public static let refused = Self("refused")
    /// What the target reports is not what was sent; the copy was discarded.
    public static let verificationMismatch = Self("verification-mismatch")
    /// No digest could prove the copy; it was not published.
    public static let unverifiable = Self("unverifiable")
    /// An import task of the service failed; the message is the task's.
    public static let importFailed = Self("import-failed")
    /// An import did not end before its deadline.
    public static let importTimedOut = Self("import-timed-out")
    /// The copy is proved, but a last property, member or visibility was refused.
    public static let unpublished = Self("unpublished")
    /// An image that this one names (kernel, ramdisk) could not be copied.
    public static let dependencyFailed = Self("dependency-failed")
    /// The target holds the image in a state that nothing of ours explains.
    public static let unexpectedState = Self("unexpected-state")

    // MARK: The journal

    /// Another process works on this journal.
    public static let journalInUse = Self("journal-in-use")
    /// The journal was written by a newer version.
    public static let journalTooNew = Self("journal-too-new")
    /// The journal cannot be opened, read or written: full disk, no right.
    public static let journalFailed = Self("journal-failed")
}
