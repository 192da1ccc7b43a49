// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The Image service of a legacy cloud: API v1
/// (<https://docs.openstack.org/api-ref/image/v1/>), which was deprecated in
/// Newton (2016) and removed in Rocky (2018).
///
/// One method per operation, as in ``ImageService``. What is peculiar to v1:
///
/// - Metadata travels in header fields. Text goes out, and comes back, as raw
///   UTF-8; nothing is percent-encoded, and a `%41` in a name stays as it is.
///   A field cannot hold a line break, nor blanks at its ends; an empty one
///   means null. Characters of four bytes (emoji) are refused.
/// - Names of properties are folded by the service: lower case, hyphens as
///   underscores.
/// - The only checksum is MD5. There are no tags, no hidden images, no import,
///   and no ranges: data is read from its beginning.
/// - Visibility is `is_public`; a private image may have members.
///
/// Seen at Glance 15 (Pike), which the tests run against; the API did not
/// change any more after Grizzly.
public struct LegacyImageService: Sendable {
    /// Its transport: one service, whichever version is asked.
    let service: ImageService

    /// The cloud that it asks.
    public var session: CloudSession { service.session }

    /// The Image service of this cloud, by API v1; nothing is asked yet.
    public init(_ session: CloudSession) {
        service = ImageService(session)
    }

    /// The API versions that the service offers, newest first.
    ///
    /// - Throws: as ``ImageService/versions()``.
    public func versions() async throws(TranshipError) -> [ServiceVersion] {
        try await service.versions()
    }

    /// Whether a cloud has to be spoken to in v1: its entry says so
    /// (`image_api_version: 1`), or it offers nothing else.
    ///
    /// An entry that names a higher version is believed without a request. A
    /// service that lists no versions is taken for one of today.
    ///
    /// - Throws: what ``CloudSession/authenticate()`` throws, and what the
    ///   network did.
    public static func isNeeded(by session: CloudSession) async throws(TranshipError) -> Bool {
        if let stated = session.configuration.imageAPIVersion { return stated == 1 }
        do throws(TranshipError) {
            let majors = Set(try await ImageService(session).versions().map(\.major))
            return majors.contains(1) && !majors.contains { $0 >= 2 }
        } catch {
            guard error.code == .invalidAnswer else { throw error }
            return false
        }
    }
}
