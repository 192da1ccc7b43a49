// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// How a client connects, and how long it waits.
public struct TransportConfiguration: Sendable {
    /// Certificate authorities in PEM, in place of those of the system.
    public var caFile: String?
    public var clientCertificateFile: String?
    public var clientKeyFile: String?
    /// False accepts any certificate for any host. For a cloud whose entry in clouds.yaml says so.
    public var verifiesTLS: Bool

    /// Takes user and password of a host from this file, in the format of `.netrc`.
    public var netrcFile: String?

    /// Where the operator sets certificates, for hints.
    public var settingsPlace = SettingsPlace.cloudsFile

    /// Who configures a client.
    public enum SettingsPlace: Sendable {
        /// An entry of clouds.yaml, with `cacert`, `cert` and `key`.
        case cloudsFile
        /// A source of a pipeline file, with `cacert`.
        case pipelineSource
    }

    /// For name resolution, TCP and TLS together.
    public var connectTimeoutSeconds: Int

    /// A body that does not move for this time is aborted. Time in which our own ring is full or
    /// empty does not count.
    public var stallSeconds: Int

    /// A body whose average over ``leastRateSeconds`` is lower is aborted: a few bytes now and then
    /// must not keep its place for ever. Waits for our own ring do not count.
    public var leastBytesPerSecond = 1 << 10
    public var leastRateSeconds = 300

    /// A kept connection that is idle for longer is closed.
    public var idleSeconds = 15

    /// The same for a connection that waits for the next short download.
    package var idleDownloadSeconds = 5

    /// The same for a connection that waits for the next short upload. Short, because a body that was
    /// begun over a connection that the service is about to close is lost.
    package var idleUploadSeconds = 1

    /// As many connections as were in use at one time of the last 1 to 2 times this are not closed
    /// before they are idle for too long.
    package var waveSeconds = 1

    /// From the last byte of an upload to the answer. Before it answers, a service may have to
    /// write, and some convert, the data.
    public var answerTimeoutSeconds: Int

    /// The most that ``HTTPRequest/timeoutSeconds`` and ``connectTimeoutSeconds`` count for; nil: as
    /// they are.
    public var answerSecondsMax: Int?

    /// How many small requests run at once; the others wait. Bodies do not count: their caller
    /// limits them.
    public var connectionsMax: Int

    /// The buffer of curl for bodies, one per direction. At most 512 KiB.
    public var bufferBytes: Int

    public var userAgent: String

    /// What no message may repeat, beside what ``HTTPRequest/secrets`` says of one request.
    public var secrets: [Secret<String>] = []

    public init(
        caFile: String? = nil, clientCertificateFile: String? = nil, clientKeyFile: String? = nil,
        verifiesTLS: Bool = true, connectTimeoutSeconds: Int = 30, stallSeconds: Int = 60,
        answerTimeoutSeconds: Int = 600, connectionsMax: Int = 32, bufferBytes: Int = 128 << 10,
        userAgent: String = "tranship"
    ) {
        self.caFile = caFile
        self.clientCertificateFile = clientCertificateFile
        self.clientKeyFile = clientKeyFile
        self.verifiesTLS = verifiesTLS
        self.connectTimeoutSeconds = connectTimeoutSeconds
        self.stallSeconds = stallSeconds
        self.answerTimeoutSeconds = answerTimeoutSeconds
        self.connectionsMax = connectionsMax
        self.bufferBytes = bufferBytes
        self.userAgent = userAgent
    }
}
