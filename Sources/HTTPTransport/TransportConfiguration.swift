// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The settings of a client: how it connects, and how long it waits.
public struct TransportConfiguration: Sendable {
    /// The file of certificate authorities in PEM, which replace those of the system.
    public var caFile: String?
    public var clientCertificateFile: String?
    public var clientKeyFile: String?
    /// False to accept any certificate for any host, for a cloud whose entry in clouds.yaml demands
    /// it.
    public var verifiesTLS: Bool

    /// The file, in the format of `.netrc`, with the user and the password of each host.
    public var netrcFile: String?

    /// The place where the operator sets certificates, for hints.
    public var settingsPlace = SettingsPlace.cloudsFile

    /// A place where a client is configured.
    public enum SettingsPlace: Sendable {
        /// An entry of clouds.yaml, with `cacert`, `cert` and `key`.
        case cloudsFile
        /// A source of a pipeline file, with `cacert`.
        case pipelineSource
    }

    /// The TLS settings that the operator wrote in `auth` of clouds.yaml, where they have no effect;
    /// for hints.
    package var misplacedKeys: [String] = []

    /// The time limit for name resolution, TCP and TLS together.
    public var connectTimeoutSeconds: Int

    /// The time after which a body that does not move is aborted. Time in which our own ring is
    /// full or empty does not count.
    public var stallSeconds: Int

    /// The minimum rate of a body, averaged over ``leastRateSeconds``. A slower body is aborted: a
    /// few bytes now and then must not keep its place forever. Waits for our own ring do not count.
    public var leastBytesPerSecond = 1 << 10
    public var leastRateSeconds = 300

    /// The time after which an idle kept connection is closed.
    public var idleSeconds = 15

    /// The same for a connection that waits for the next short download.
    package var idleDownloadSeconds = 5

    /// The same for a connection that waits for the next short upload. It is short, because a body
    /// is lost if the service closes the connection over which it was begun.
    package var idleUploadSeconds = 1

    /// The period that connections are remembered for. As many connections as were in use at one
    /// time during the last one to two periods stay open until they are idle for too long.
    package var waveSeconds = 1

    /// The time limit from the last byte of an upload to the answer. Before it answers, a service
    /// may have to write the data, and some services convert it.
    public var answerTimeoutSeconds: Int

    /// The upper limit for ``HTTPRequest/timeoutSeconds`` and ``connectTimeoutSeconds``; nil for
    /// none.
    public var answerSecondsMax: Int?

    /// The number of small requests that run at once; others wait. Bodies do not count: their
    /// caller limits them.
    public var connectionsMax: Int

    /// The size of curl's buffer for bodies, per direction. At most 512 KiB.
    public var bufferBytes: Int

    public var userAgent: String

    /// Secrets that no message may repeat, in addition to ``HTTPRequest/secrets`` of each request.
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
