// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

package import OpenStackImage
import TestSupport
import Testing

/// The services of API v1 that tests run against: a real Glance 15, if there is one (`scripts/lab
/// legacy up`), and the one in this process, which the same tests prove to be equal.
package enum LegacyCloud: String, Sendable, CustomTestStringConvertible {
    case glance15 = "Glance 15"
    case inProcess = "in process"

    package static let all: [LegacyCloud] =
        Lab.legacyURL == nil ? [.inProcess] : [.glance15, .inProcess]

    private static let server = Result { try LegacyImageServer() }

    package var testDescription: String { rawValue }

    package func url() throws -> String {
        switch self {
        case .glance15: try #require(Lab.legacyURL)
        case .inProcess: try Self.server.get().url
        }
    }

    package func service() throws -> LegacyImageService {
        LegacyImageService(
            CloudSession(
                CloudConfiguration(
                    name: rawValue, authentication: .none, imageEndpointOverride: try url())))
    }
}
