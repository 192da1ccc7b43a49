// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension CloudConfiguration {
    /// The same entry, asking for a token of another project.
    ///
    /// 32 hexadecimal digits or a UUID are a project id, anything else is a
    /// name in the entry's project domain (lacking that, its user's).
    ///
    /// - Throws: ``TranshipError/Code/usage`` for an application credential,
    ///   which Keystone binds to one project, and where there is no Keystone.
    public func scoped(toProject project: String) throws(TranshipError) -> CloudConfiguration {
        var other = self
        switch authentication {
        case .applicationCredential:
            throw TranshipError(
                .usage,
                "cloud \"\(name)\" uses an application credential, which Keystone binds to one "
                    + "project; it cannot be used for project \"\(project)\"",
                hint: "make an application credential in that project and give it an entry of its "
                    + "own in clouds.yaml, or use a password")
        case .none, .basic:
            throw TranshipError(
                .usage,
                "cloud \"\(name)\" is used without Keystone, so project \"\(project)\" cannot be "
                    + "asked for",
                hint: "leave the project out for this cloud")
        case .password, .token:
            break
        }
        if Self.isProjectID(project) {
            other.scope = .projectID(project)
        } else {
            other.scope = .projectName(project, projectDomain)
        }
        return other
    }

    /// Keystone makes ids of 32 hexadecimal digits; some deployments write
    /// them as UUIDs with dashes.
    static func isProjectID(_ text: String) -> Bool {
        let digits = text.utf8.filter { $0 != 0x2D }
        return digits.count == 32
            && digits.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x66).contains($0 | 0x20)
            }
    }

    private var projectDomain: Domain {
        if case .projectName(_, let domain) = scope { return domain }
        if case .password(.name(_, let domain), _) = authentication { return domain }
        return .id("default")
    }
}
