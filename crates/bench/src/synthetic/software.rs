//! A catalogue of software for each ecosystem, and what of it a machine has: a core that nearly all share, and a long
//! tail. Versions are skewed to the newest, and machines that are patched late have older ones of everything.

use jiff::Timestamp;
use platform::assets::Software;

use super::names::{DEVICE, DPKG, HEADS, MAC, MAKERS, PACKAGE_FORMS, PROGRAM_FORMS, RPM, TAILS, WINDOWS};
use super::random::{Random, Skew, place};
use super::systems::{Ecosystem, System};
use inventory::PackageSource;

/// Separates the stream of chance of this part from others.
const STREAM: u64 = 0x50f7;
/// How much of what a machine has comes from the core of its ecosystem.
const CORE: (usize, usize) = (2, 5);
/// Draws for one place in the list before the next free product is taken.
const PATIENCE: usize = 20;

/// What may be installed.
struct Product {
    name: String,
    publisher: Option<String>,
    architecture: Option<&'static str>,
    /// Oldest first.
    versions: Vec<String>,
}

/// The software of one ecosystem, by name.
struct Shelf {
    ecosystem: Ecosystem,
    products: Vec<Product>,
    /// The products by how common they are.
    ranks: Vec<usize>,
    popularity: Skew,
}

/// The software of all ecosystems.
pub(super) struct Catalogue {
    shelves: Vec<Shelf>,
    /// How many versions behind the newest.
    age: Skew,
}

impl Catalogue {
    pub(super) fn new(seed: u64) -> Self {
        let shelf = |(number, ecosystem)| Shelf::new(ecosystem, &mut Random::of(seed, STREAM, number));
        Self { shelves: (0..).zip(Ecosystem::ALL).map(shelf).collect(), age: Skew::zipf(6, 1) }
    }

    /// What a machine has: `count` different products, or all that there are, by name. `lag` is how many versions the
    /// machine is behind on everything.
    pub(super) fn install(
        &self,
        system: &System,
        count: usize,
        lag: usize,
        since: (Timestamp, Timestamp),
        random: &mut Random,
    ) -> Vec<Software> {
        let Some(shelf) = self.shelves.iter().find(|shelf| shelf.ecosystem == system.ecosystem) else {
            return Vec::new();
        };
        let chosen = shelf.choose(count, random);
        let products = chosen.iter().filter_map(|at| shelf.products.get(*at));
        let install = |product: &Product| {
            let behind = lag + self.age.draw(random);
            let newest = product.versions.len().saturating_sub(1);
            let version = product.versions.get(newest.saturating_sub(behind));
            let (from, to) = (since.0.as_second(), since.1.as_second());
            let days = u64::try_from((to - from) / 86_400).unwrap_or_default();
            // Package managers note when they ran, which is when many packages changed.
            let day = i64::try_from(random.below(days + 1)).unwrap_or_default();
            Software {
                name: product.name.clone(),
                version: version.map(|version| format!("{version}{}", system.suffix)),
                architecture: product.architecture.map(str::to_owned),
                publisher: product.publisher.clone(),
                installed: Timestamp::from_second(to - day * 86_400).ok(),
                source: source(system.ecosystem),
            }
        };
        products.map(install).collect()
    }
}

fn source(ecosystem: Ecosystem) -> Option<PackageSource> {
    match ecosystem {
        Ecosystem::Dpkg => Some(PackageSource::Dpkg),
        Ecosystem::Rpm => Some(PackageSource::Rpm),
        _ => None,
    }
}

impl Shelf {
    fn new(ecosystem: Ecosystem, random: &mut Random) -> Self {
        let mut products: Vec<(usize, Product)> = names(ecosystem)
            .into_iter()
            .map(|(name, publisher)| Product {
                architecture: architecture(ecosystem, &name),
                versions: versions(ecosystem, random),
                name,
                publisher,
            })
            .enumerate()
            .collect();
        products.sort_by(|(_, a), (_, b)| a.name.cmp(&b.name));
        products.dedup_by(|(_, a), (_, b)| a.name == b.name);
        let mut ranks: Vec<(usize, usize)> =
            products.iter().enumerate().map(|(at, (rank, _))| (*rank, at)).collect();
        ranks.sort_unstable();
        Self {
            ecosystem,
            popularity: Skew::zipf(products.len(), 25),
            ranks: ranks.into_iter().map(|(_, at)| at).collect(),
            products: products.into_iter().map(|(_, product)| product).collect(),
        }
    }

    /// Places of different products, ascending.
    fn choose(&self, count: usize, random: &mut Random) -> Vec<usize> {
        let count = count.min(self.products.len());
        let mut taken = vec![false; self.products.len()];
        let mut left = count;
        let mut take = |at: usize, left: &mut usize| match taken.get_mut(at) {
            Some(slot) if !*slot => {
                *slot = true;
                *left -= 1;
                true
            }
            _ => false,
        };
        for at in self.ranks.iter().take(count * CORE.0 / CORE.1) {
            if random.happens(930) {
                take(*at, &mut left);
            }
        }
        while left > 0 {
            let mut drawn = (0..PATIENCE).filter_map(|_| self.ranks.get(self.popularity.draw(random)));
            if drawn.any(|at| take(*at, &mut left)) {
                continue;
            }
            let free = self.ranks.iter().any(|at| take(*at, &mut left));
            if !free {
                break;
            }
        }
        (0..).zip(taken).filter_map(|(at, taken)| taken.then_some(at)).collect()
    }
}

/// Names and publishers, the commonest first.
fn names(ecosystem: Ecosystem) -> Vec<(String, Option<String>)> {
    let plain = |list: &[&str], publisher: Option<&str>| -> Vec<(String, Option<String>)> {
        list.iter().map(|name| ((*name).to_owned(), publisher.map(str::to_owned))).collect()
    };
    let published = |list: &[(&str, &str)]| -> Vec<(String, Option<String>)> {
        list.iter().map(|(name, maker)| ((*name).to_owned(), Some((*maker).to_owned()))).collect()
    };
    match ecosystem {
        Ecosystem::Dpkg => [plain(DPKG, None), packages(Some("Debian maintainers"))].concat(),
        Ecosystem::Rpm => [plain(RPM, Some("Red Hat, Inc.")), packages(Some("Fedora Project"))].concat(),
        Ecosystem::Windows => [published(WINDOWS), programs()].concat(),
        Ecosystem::Mac => [published(MAC), programs()].concat(),
        Ecosystem::Device => plain(DEVICE, None),
    }
}

/// Made-up names, the ones of one stem apart from each other.
fn stems() -> impl Iterator<Item = String> {
    TAILS.iter().flat_map(|tail| HEADS.iter().map(move |head| format!("{head}{tail}")))
}

fn packages(publisher: Option<&str>) -> Vec<(String, Option<String>)> {
    let forms = |stem: String| PACKAGE_FORMS.iter().map(move |form| form.replace("{}", &stem));
    stems().take(110).flat_map(forms).map(|name| (name, publisher.map(str::to_owned))).collect()
}

fn programs() -> Vec<(String, Option<String>)> {
    let mut all = Vec::new();
    for (at, stem) in stems().take(110).enumerate() {
        let Some(maker) = MAKERS.get(at % MAKERS.len()) else { continue };
        let product = format!("{maker} {}", capital(&stem));
        all.extend(
            PROGRAM_FORMS.iter().map(|form| (form.replace("{}", &product), Some((*maker).to_owned()))),
        );
    }
    all
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn architecture(ecosystem: Ecosystem, name: &str) -> Option<&'static str> {
    let script =
        ["python3-", "-common", "-perl", "node-", "-data", "ruby-"].iter().any(|part| name.contains(part));
    match (ecosystem, script) {
        (Ecosystem::Dpkg, true) => Some("all"),
        (Ecosystem::Dpkg, false) => Some("amd64"),
        (Ecosystem::Rpm, true) => Some("noarch"),
        (Ecosystem::Rpm, false) => Some("x86_64"),
        _ => None,
    }
}

/// Versions as the ecosystem writes them, oldest first.
fn versions(ecosystem: Ecosystem, random: &mut Random) -> Vec<String> {
    let count = place(random.between(3, 9));
    let (mut major, mut minor, mut patch) = (random.between(0, 12), random.below(20), random.below(30));
    let mut all = Vec::with_capacity(count);
    for revision in 1..=count {
        match random.below(10) {
            0 => (major, minor, patch) = (major + 1, 0, 0),
            1..=3 => (minor, patch) = (minor + 1, 0),
            _ => patch += random.between(1, 4),
        }
        all.push(match ecosystem {
            Ecosystem::Dpkg | Ecosystem::Rpm => format!("{major}.{minor}.{patch}-{revision}"),
            Ecosystem::Windows => format!("{major}.{minor}.{}.{patch}", 1_000 + patch * 37),
            Ecosystem::Mac | Ecosystem::Device => format!("{major}.{minor}.{patch}"),
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_has_as_many_different_products_as_asked_for_and_in_order() {
        let catalogue = Catalogue::new(1);
        let (mut random, now) = (Random::of(1, 1, 1), Timestamp::UNIX_EPOCH);
        for shelf in &catalogue.shelves {
            for count in [0, 1, 5, 100, 10_000] {
                let chosen = shelf.choose(count, &mut random);
                assert_eq!(chosen.len(), count.min(shelf.products.len()), "{:?}", shelf.ecosystem);
                assert!(chosen.is_sorted() && chosen.windows(2).all(|two| two[0] < two[1]));
            }
        }
        let (_, system) = super::super::systems::Systems::new().draw(&mut random).unwrap();
        let installed = catalogue.install(system, 50, 1, (now, now), &mut random);
        assert_eq!(installed.len(), 50);
        assert!(installed.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn there_are_thousands_of_names_and_a_few_are_nearly_everywhere() {
        let catalogue = Catalogue::new(1);
        let names: usize = catalogue.shelves.iter().map(|shelf| shelf.products.len()).sum();
        assert!((4_000..8_000).contains(&names), "{names}");
        let shelf = &catalogue.shelves[0];
        let bash = shelf.products.iter().position(|product| product.name == "bash").unwrap();
        let mut random = Random::of(1, 1, 1);
        let with_bash = (0..1_000).filter(|_| shelf.choose(100, &mut random).contains(&bash)).count();
        assert!((930..=1_000).contains(&with_bash), "{with_bash}");
    }
}
