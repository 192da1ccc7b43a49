// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// How a client connects, and for how long it waits.
public struct TransportConfiguration: Sendable {
    /// Certificate authorities in PEM, instead of the system's.
    public var caFile: String?
    public var clientCertificateFile: String?
    public var clientKeyFile: String?
    /// False accepts any certificate for any host: for a cloud whose entry in
    /// clouds.yaml says so.
    public var verifiesTLS: Bool

    /// Takes user and password for a host from the user's `.netrc`.
    public var usesNetrc = false

    /// Name resolution, TCP and TLS together.
    public var connectTimeoutSeconds: Int

    /// A body that does not move for so long is given up. Time in which our
    /// own ring was full or empty does not count.
    public var stallSeconds: Int

    /// From the last byte of an upload to the answer: a service may have to
    /// finish writing (and some of them convert) before it answers.
    public var answerTimeoutSeconds: Int

    /// How many small requests may be under way at once; the others wait.
    /// Bodies do not count: their caller limits them, as each takes a thread
    /// and Dispatch has about 250 of them.
    public var connectionsMax: Int

    /// curl's buffers for bodies, one a direction. At most 512 KiB.
    public var bufferBytes: Int

    public var userAgent: String

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
