// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// Who Keystone says we are, and where this project's images are served.
public struct AuthenticatedProject: Hashable, Sendable {
    /// Nil where no Keystone is used (`auth_type` `none` or `http_basic`).
    public var projectID: String?
    /// The project's name; nil without a Keystone.
    public var projectName: String?
    /// Who the token was issued to.
    public var userID: String?
    /// Who the token was issued to, by name.
    public var userName: String?
    /// Names of the roles in this project: `member`, `reader`, `admin`, …
    public var roles: [String]
    /// When the present token ends, in the words of Keystone (UTC).
    public var expiresAt: String?
    /// The Image service's root, without `/v2` and without a slash at the end.
    public var imageEndpoint: String

    /// True for a token with the `admin` role, which the default policies of
    /// the Image service let do everything. A cloud's own policy may differ.
    public var isAdmin: Bool { roles.contains("admin") }
}
