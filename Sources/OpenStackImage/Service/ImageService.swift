// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The Image service (Glance) of one cloud, API v2
/// (<https://docs.openstack.org/api-ref/image/v2/>).
///
/// One method per operation, in one folder per resource. A method sends one
/// request (two, where its comment says so) and retries nothing, except that a
/// request whose token was refused is sent once more with a new one. What the
/// service refuses is thrown as ``TranshipError`` with its own words.
///
/// ```swift
/// let session = try CloudSession.named("alpha", environment: environment)
/// let service = ImageService(session)
/// for try await page in service.images(ImageQuery(name: "Ubuntu 24.04")) {
///     for image in page { print(image.id, image.status) }
/// }
/// ```
public struct ImageService: Sendable {
    /// The cloud that it asks.
    public let session: CloudSession

    /// The Image service of this cloud; nothing is asked yet.
    public init(_ session: CloudSession) {
        self.session = session
    }
}
