// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// How one cloud is reached and who asks: an entry of `clouds.yaml`, resolved.
///
/// A value without I/O. ``CloudFiles/configuration(of:region:interface:)`` makes
/// one from the operator's files; a program may also fill one in itself and
/// give it to ``CloudSession``. Nothing here is checked against the cloud.
public struct CloudConfiguration: Sendable {
    /// The entry's name, for messages and journals.
    public var name: String
    /// How the token is got, or that there is none.
    public var authentication: Authentication
    /// Keystone's address, with or without `/v3`; nil where no Keystone is used.
    public var authURL: String?
    /// What a token is asked for; nil only for an application credential, which
    /// carries its project, and where no Keystone is used.
    public var scope: Scope?
    /// Nil takes the catalogue's first Image endpoint, as openstacksdk does.
    public var region: String?
    /// Which of the catalogue's endpoints is used.
    public var interface: EndpointInterface
    /// Used instead of the catalogue, with or without `/v2`.
    public var imageEndpointOverride: String?
    /// The major version that the entry asks for (`image_api_version`); nil
    /// leaves it to what the service offers.
    public var imageAPIVersion: Int?
    /// PEM certificates to trust instead of the system's.
    public var caFile: String?
    /// The client certificate (PEM) and its key, for clouds that ask for one.
    public var certFile: String?
    /// The key of `certFile`, a PEM file; nil where that holds both.
    public var keyFile: String?
    /// False accepts any certificate. Never the default.
    public var verifiesTLS: Bool
    /// Of ``ImageService/createImage(_:from:_:)``.
    public var imageDefaults: ImageDefaults

    /// What is left out is the default of its property.
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
    /// Who asks. The names in `clouds.yaml` (`auth_type`) stand at each case.
    public enum Authentication: Sendable {
        /// `password`, `v3password`.
        case password(UserName, password: Secret<String>)
        /// `token`, `v3token`: exchanged for one that is scoped as asked.
        case token(Secret<String>)
        /// `v3applicationcredential`.
        case applicationCredential(ApplicationCredential, secret: Secret<String>)
        /// `none`: no header at all, for an Image service without Keystone.
        case none
        /// `http_basic`: every request carries the name and password.
        case basic(username: String, password: Secret<String>)

        /// True where a Keystone issues tokens.
        public var usesKeystone: Bool {
            switch self {
            case .none, .basic: false
            default: true
            }
        }
    }

    /// A domain of Keystone, which names of users and projects are unique in.
    public enum Domain: Hashable, Sendable {
        case id(String)
        case name(String)
    }

    /// A user, by id or by name within a domain.
    public enum UserName: Hashable, Sendable {
        case id(String)
        case name(String, Domain)
    }

    /// An application credential, by id or by name and its user.
    public enum ApplicationCredential: Hashable, Sendable {
        case id(String)
        case name(String, UserName)
    }

    /// What a token is asked for.
    public enum Scope: Hashable, Sendable {
        case projectID(String)
        case projectName(String, Domain)
    }
}

/// Which of a service's endpoints is used: its `interface` in the catalogue.
public struct EndpointInterface: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public let rawValue: String

    /// The older spelling of keystoneclient, `publicURL`, means the same.
    public init(rawValue: String) {
        self.rawValue = rawValue.hasSuffix("URL") ? String(rawValue.dropLast(3)) : rawValue
    }

    /// For everybody; the default.
    public static let `public` = Self(rawValue: "public")
    /// On the cloud's own network.
    public static let `internal` = Self(rawValue: "internal")
    /// For operators.
    public static let admin = Self(rawValue: "admin")

    public var description: String { rawValue }
}
