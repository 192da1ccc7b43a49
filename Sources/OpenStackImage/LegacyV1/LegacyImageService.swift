// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The Image service of a legacy cloud: API v1 (<https://docs.openstack.org/api-ref/image/v1/>),
/// deprecated in Newton (2016) and removed in Rocky (2018).
///
/// There is one method per operation, as in ``ImageService``. The differences:
///
/// - Metadata is sent in header fields, as raw UTF-8 in both directions. Nothing is
///   percent-encoded: a `%41` in a name stays as it is. A field cannot contain a line break, nor
///   start or end with blanks. An empty field means null. The service refuses characters of four
///   bytes (emoji).
/// - The service changes names of properties: lower case, hyphens to underscores.
/// - The only checksum is MD5. There are no tags, no hidden images and no imports. There are no
///   ranges: data is read from its beginning.
/// - Visibility is `is_public`. A private image may have members.
///
/// Tested with Glance 15 (Pike). The API did not change after Grizzly.
public struct LegacyImageService: Sendable {
    /// The transport, which is the same for both API versions.
    let service: ImageService

    /// The session with the cloud.
    public var session: CloudSession { service.session }

    /// Creates a service. Sends nothing yet.
    public init(_ session: CloudSession) {
        service = ImageService(session)
    }

    /// Returns the API versions of the service, newest first.
    ///
    /// - Throws: as ``ImageService/versions()``.
    public func versions() async throws(TranshipError) -> [ServiceVersion] {
        try await service.versions()
    }

    /// Returns true if a cloud needs API v1: its entry demands it (`image_api_version: 1`), or it
    /// offers nothing else.
    ///
    /// If the entry names a higher version, no request is sent. A service that lists no versions,
    /// or not to this user, counts as a current one.
    ///
    /// - Throws: the errors of ``CloudSession/authenticate()``, and network failures.
    public static func isNeeded(by session: CloudSession) async throws(TranshipError) -> Bool {
        if let stated = session.configuration.imageAPIVersion { return stated == 1 }
        do throws(TranshipError) {
            let majors = Set(try await ImageService(session).versions().map(\.major))
            return majors.contains(1) && !majors.contains { $0 >= 2 }
        } catch {
            guard error.saysOnlyNothing else { throw error }
            return false
        }
    }
}
