// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// A resolved entry of `clouds.yaml`: the address of a cloud and a login for it.
///
/// A value without I/O. ``CloudFiles/configuration(of:region:interface:)`` creates one from the
/// files of the operator. A program may also create one and pass it to ``CloudSession``. Nothing in
/// it is checked against the cloud.
public struct CloudConfiguration: Sendable {
    /// The name of the entry, for messages and journals.
    public var name: String
    /// The way to get a token, or none.
    public var authentication: Authentication
    /// The address of Keystone, with or without `/v3`; nil without Keystone.
    public var authURL: String?
    /// The project of the token. Nil only without Keystone, and for an application credential,
    /// which belongs to a project.
    public var scope: Scope?
    /// The region. Nil takes the first Image endpoint of the catalogue, as openstacksdk does.
    public var region: String?
    /// The kind of endpoint to use from the catalogue.
    public var interface: EndpointInterface
    /// The address of the Image service, which replaces the catalogue. With or without `/v2`.
    public var imageEndpointOverride: String?
    /// The major version in the entry (`image_api_version`); nil if the versions that the service
    /// offers decide.
    public var imageAPIVersion: Int?
    /// PEM certificates to trust in place of those of the system.
    public var caFile: String?
    /// The client certificate (PEM), for clouds that require one.
    public var certFile: String?
    /// The key of `certFile` (PEM); nil if that file contains both.
    public var keyFile: String?
    /// False to accept any certificate. Never the default.
    public var verifiesTLS: Bool
    /// Defaults for ``ImageService/createImage(_:from:_:onProgress:)``.
    public var imageDefaults: ImageDefaults
    /// Remarks for the operator about keys of the entry that have no effect although they look as
    /// if they had one.
    public var remarks: [String] = []
    /// The TLS settings in `auth` of the entry, where they have no effect.
    package var misplacedKeys: [String] = []

    /// Creates a configuration. Parameters that you leave out get the properties' default values.
    public init(
        name: String, authentication: Authentication, authURL: String? = nil,
        scope: Scope? = nil, region: String? = nil, interface: EndpointInterface = .public,
        imageEndpointOverride: String? = nil, imageAPIVersion: Int? = nil, caFile: String? = nil,
        certFile: String? = nil, keyFile: String? = nil, verifiesTLS: Bool = true,
        imageDefaults: ImageDefaults = .init()
    ) {
        self.name = name
        self.authentication = authentication
        self.authURL = authURL
        self.scope = scope
        self.region = region
        self.interface = interface
        self.imageEndpointOverride = imageEndpointOverride
        self.imageAPIVersion = imageAPIVersion
        self.caFile = caFile
        self.certFile = certFile
        self.keyFile = keyFile
        self.verifiesTLS = verifiesTLS
        self.imageDefaults = imageDefaults
    }
}

extension CloudConfiguration {
    /// A way to authenticate. Each case names its `auth_type` in `clouds.yaml`.
    public enum Authentication: Sendable {
        /// `password`, `v3password`.
        case password(UserName, password: Secret<String>)
        /// `token`, `v3token`: exchanged for a token of the project.
        case token(Secret<String>)
        /// `v3totp` without a password, `v3multifactor` with one. A passcode works once.
        case multifactor(UserName, password: Secret<String>?, passcode: Secret<String>)
        /// `v3oidcclientcredentials`, `v3oidcaccesstoken`, `v3oidcpassword`.
        case federated(Federation)
        /// `token_command`: a program and its arguments. It prints a token, and runs again for each
        /// new one.
        case command([String])
        /// `v3applicationcredential`, and `v3oauth2clientcredential`, which is the same.
        case applicationCredential(ApplicationCredential, secret: Secret<String>)
        /// `none`: no authentication header, for an Image service without Keystone.
        case none
        /// `http_basic`: name and password in every request.
        case basic(username: String, password: Secret<String>)

        /// True if Keystone issues the tokens.
        public var usesKeystone: Bool {
            switch self {
            case .none, .basic: false
            default: true
            }
        }
    }

    /// A domain of Keystone, in which names of users and projects are unique.
    public enum Domain: Hashable, Sendable {
        case id(String)
        case name(String)
    }

    /// A user, by id or by name in a domain.
    public enum UserName: Hashable, Sendable {
        case id(String)
        case name(String, Domain)
    }

    /// An application credential, by id or by its name and user.
    public enum ApplicationCredential: Hashable, Sendable {
        case id(String)
        case name(String, UserName)
    }

    /// The project of a token.
    public enum Scope: Hashable, Sendable {
        case projectID(String)
        case projectName(String, Domain)
    }
}

/// The `interface` of an endpoint in the catalogue.
public struct EndpointInterface: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    /// Creates an interface. `publicURL`, the older spelling of keystoneclient, means the same.
    public init(rawValue: String) {
        self.rawValue = rawValue.hasSuffix("URL") ? String(rawValue.dropLast(3)) : rawValue
    }

    /// The endpoint for all users; the default.
    public static let `public` = Self(rawValue: "public")
    /// The endpoint on the network of the cloud.
    public static let `internal` = Self(rawValue: "internal")
    /// The endpoint for operators.
    public static let admin = Self(rawValue: "admin")

    public var description: String { rawValue }
}

extension CloudConfiguration {
    /// Returns the same entry with a token for another project.
    ///
    /// 32 hexadecimal digits or a UUID count as a project id. Any other text is a name in the
    /// project domain of the entry or, without one, in the domain of its user.
    ///
    /// - Parameter domain: the name of the project's domain; nil means that of the entry.
    /// - Throws: ``TranshipError/Code/usage`` for an application credential, which Keystone binds
    ///   to one project, and without Keystone.
    public func scoped(
        toProject project: String, domain: String? = nil
    ) throws(TranshipError) -> CloudConfiguration {
        var other = self
        switch authentication {
        case .applicationCredential:
            throw TranshipError(
                .usage,
                "cloud \"\(name)\" uses an application credential, which Keystone binds to one "
                    + "project; it cannot be used for project \"\(project)\"",
                hint: "create an application credential in that project and add an entry for it to "
                    + "clouds.yaml, or use a password")
        case .none, .basic:
            throw TranshipError(
                .usage,
                "cloud \"\(name)\" is used without Keystone, so project \"\(project)\" cannot be "
                    + "selected",
                hint: "do not name a project for this cloud")
        case .password, .token, .multifactor, .federated, .command:
            break
        }
        if Self.isProjectID(project) {
            other.scope = .projectID(project)
        } else {
            other.scope = .projectName(project, domain.map { .name($0) } ?? projectDomain)
        }
        return other
    }

    /// True for a project id. Keystone creates ids of 32 hexadecimal digits; some deployments write
    /// them as UUIDs with dashes.
    package static func isProjectID(_ text: String) -> Bool {
        let digits = text.utf8.filter { $0 != 0x2D }
        return digits.count == 32
            && digits.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20)
            }
    }

    private var projectDomain: Domain { knownProjectDomain ?? .id("default") }

    /// The domain that project names belong to: that of the entry's project or, without one, that
    /// of its user; nil if the entry has neither.
    package var knownProjectDomain: Domain? {
        if case .projectName(_, let domain) = scope { return domain }
        if case .password(.name(_, let domain), _) = authentication { return domain }
        if case .multifactor(.name(_, let domain), _, _) = authentication { return domain }
        return nil
    }
}

/// Defaults for images from the entry of a cloud.
public struct ImageDefaults: Sendable, Hashable {
    /// `image_format` of the entry; otherwise qcow2, as in openstacksdk.
    public var diskFormat: String
    /// `container_format` of the entry; otherwise bare.
    public var containerFormat: String
    /// `disable_vendor_agent` of the entry: properties that make this cloud not expect its own
    /// agent in a server.
    public var withoutVendorAgent: [String: String]

    /// Creates defaults, which without parameters are those of openstacksdk.
    public init(
        diskFormat: String = "qcow2", containerFormat: String = "bare",
        withoutVendorAgent: [String: String] = [:]
    ) {
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.withoutVendorAgent = withoutVendorAgent
    }
}

extension ImageDefaults {
    init(_ fields: CloudFields) {
        self.init()
        if let format = fields["image_format"] { diskFormat = format }
        if let format = fields["container_format"] { containerFormat = format }
        withoutVendorAgent = (fields.entry["disable_vendor_agent"]?.mapping ?? [:])
            .compactMapValues(\.text)
    }
}
