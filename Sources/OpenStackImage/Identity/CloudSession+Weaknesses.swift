// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension CloudSession {
    /// Returns sentences for the operator about missing protection on the way to this cloud:
    /// certificates that are not verified, and addresses without TLS. Sends nothing.
    ///
    /// Connections to this machine itself do not count.
    ///
    /// - Parameter imageEndpoint: ``AuthenticatedProject/imageEndpoint``.
    public func weaknesses(imageEndpoint: String) -> [String] {
        let keystone = configuration.authentication.usesKeystone ? configuration.authURL : nil
        let addresses = [keystone, imageEndpoint].compactMap { $0 }
        var found: [String] = []
        if !configuration.verifiesTLS, addresses.contains(where: { !PlainAddress.isPlain($0) }) {
            found.append(
                "its certificates are not verified (`verify: false` or `insecure: true` in "
                    + "clouds.yaml), so others on the way can read credentials and change data")
        }
        if let keystone, PlainAddress.crossesNetwork(keystone) {
            found.append(
                "auth_url \(shownURL(keystone)) is not https, so credentials and tokens can be read "
                    + "on the way")
        }
        if PlainAddress.crossesNetwork(imageEndpoint) {
            let address = shownURL(imageEndpoint)
            let isMixed = keystone.map { !PlainAddress.isPlain($0) } ?? false
            found.append(
                isMixed
                    ? "a token that Keystone gives over https goes to \(address) without TLS, so it "
                        + "can be read on the way"
                    : "its Image service \(address) is not https, so data and credentials can be "
                        + "read and changed on the way")
        }
        return found.map { "cloud \"\(cloudName)\": \($0)" }
    }
}
