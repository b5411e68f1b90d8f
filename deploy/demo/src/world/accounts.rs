//! Accounts (kode rekening) and funds (sumber dana) that the world spends from.

/// What an account pays for; it decides which documents use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Salaries and allowances: paid by LS gaji, never procured.
    Salary,
    /// Small things and travel: paid from the petty cash (GU) as a rule.
    Petty,
    /// Goods and services that are procured.
    Procured,
    /// Capital goods and works that are procured.
    Capital,
    /// The one line under which a BLUD's budget stands in the DPA.
    Lump,
}

/// One account of the chart of accounts, on its sixth level.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    pub(crate) class: Class,
}

const fn account(code: &'static str, name: &'static str, class: Class) -> Account {
    Account { code, name, class }
}

/// The accounts in use. Order matters to nobody but the seed: append only.
pub(crate) const ACCOUNTS: [Account; 38] = [
    account("5.1.01.01.01.0001", "Belanja Gaji Pokok PNS", Class::Salary),
    account("5.1.01.01.02.0001", "Belanja Tunjangan Keluarga PNS", Class::Salary),
    account("5.1.01.01.03.0001", "Belanja Tunjangan Jabatan PNS", Class::Salary),
    account("5.1.01.01.06.0001", "Belanja Tunjangan Beras PNS", Class::Salary),
    account("5.1.01.02.01.0001", "Tambahan Penghasilan berdasarkan Beban Kerja PNS", Class::Salary),
    account("5.1.02.01.01.0024", "Belanja Alat/Bahan untuk Kegiatan Kantor-Alat Tulis Kantor", Class::Petty),
    account("5.1.02.01.01.0025", "Belanja Alat/Bahan untuk Kegiatan Kantor-Kertas dan Cover", Class::Petty),
    account("5.1.02.01.01.0026", "Belanja Alat/Bahan untuk Kegiatan Kantor-Bahan Cetak", Class::Petty),
    account("5.1.02.01.01.0027", "Belanja Alat/Bahan untuk Kegiatan Kantor-Benda Pos", Class::Petty),
    account("5.1.02.01.01.0029", "Belanja Alat/Bahan untuk Kegiatan Kantor-Bahan Komputer", Class::Petty),
    account("5.1.02.01.01.0030", "Belanja Alat/Bahan untuk Kegiatan Kantor-Perabot Kantor", Class::Petty),
    account("5.1.02.01.01.0031", "Belanja Alat/Bahan untuk Kegiatan Kantor-Alat Listrik", Class::Petty),
    account("5.1.02.01.01.0052", "Belanja Makanan dan Minuman Rapat", Class::Petty),
    account("5.1.02.01.01.0053", "Belanja Makanan dan Minuman Jamuan Tamu", Class::Petty),
    account("5.1.02.04.01.0001", "Belanja Perjalanan Dinas Biasa", Class::Petty),
    account("5.1.02.04.01.0003", "Belanja Perjalanan Dinas Dalam Kota", Class::Petty),
    account(
        "5.1.02.02.01.0003",
        "Belanja Honorarium Narasumber atau Pembahas, Moderator, Pembawa Acara, dan Panitia",
        Class::Petty,
    ),
    account("5.1.02.02.01.0026", "Belanja Jasa Tenaga Administrasi", Class::Procured),
    account("5.1.02.02.01.0030", "Belanja Jasa Tenaga Kebersihan", Class::Procured),
    account("5.1.02.02.01.0031", "Belanja Jasa Tenaga Keamanan", Class::Procured),
    account("5.1.02.02.01.0059", "Belanja Tagihan Telepon", Class::Procured),
    account("5.1.02.02.01.0060", "Belanja Tagihan Air", Class::Procured),
    account("5.1.02.02.01.0061", "Belanja Tagihan Listrik", Class::Procured),
    account("5.1.02.02.01.0063", "Belanja Kawat/Faksimili/Internet/TV Berlangganan", Class::Procured),
    account("5.1.02.01.01.0004", "Belanja Bahan-Bahan Bakar dan Pelumas", Class::Procured),
    account("5.1.02.01.01.0037", "Belanja Obat-Obatan-Obat", Class::Procured),
    account(
        "5.1.02.03.02.0035",
        "Belanja Pemeliharaan Alat Angkutan-Alat Angkutan Darat Bermotor-Kendaraan Dinas Bermotor Perorangan",
        Class::Procured,
    ),
    account(
        "5.1.02.03.02.0121",
        "Belanja Pemeliharaan Alat Kantor dan Rumah Tangga-Alat Rumah Tangga-Alat Pendingin",
        Class::Procured,
    ),
    account(
        "5.1.02.03.03.0001",
        "Belanja Pemeliharaan Bangunan Gedung-Bangunan Gedung Tempat Kerja-Bangunan Gedung Kantor",
        Class::Procured,
    ),
    account("5.2.02.05.01.0005", "Belanja Modal Alat Kantor Lainnya", Class::Capital),
    account("5.2.02.05.02.0001", "Belanja Modal Mebel", Class::Capital),
    account("5.2.02.10.01.0002", "Belanja Modal Personal Computer", Class::Capital),
    account("5.2.02.02.01.0003", "Belanja Modal Kendaraan Bermotor Angkutan Barang", Class::Capital),
    account("5.2.03.01.01.0001", "Belanja Modal Bangunan Gedung Kantor", Class::Capital),
    account("5.2.04.01.01.0003", "Belanja Modal Jalan Kabupaten", Class::Capital),
    account("5.2.04.02.01.0001", "Belanja Modal Bangunan Waduk Irigasi", Class::Capital),
    account("5.1.02.99.99.9999", "Belanja Barang dan Jasa BLUD", Class::Lump),
    account("5.2.02.99.99.9999", "Belanja Modal Peralatan dan Mesin BLUD", Class::Lump),
];

/// Indexes into [`ACCOUNTS`] of one class.
pub(crate) fn of_class(class: Class) -> Vec<usize> {
    (0..ACCOUNTS.len()).filter(|&index| ACCOUNTS[index].class == class).collect()
}

/// A source of money: code and name as SIPD writes them.
#[derive(Debug)]
pub(crate) struct Fund {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
}

/// Own revenue, general grant, special grants, and the money a hospital earns itself (last).
pub(crate) const FUNDS: [Fund; 5] = [
    Fund { code: "1.1.01", name: "[DANA UMUM] - PENDAPATAN ASLI DAERAH (PAD) - Pajak Daerah" },
    Fund { code: "1.2.02.01", name: "[DANA UMUM] - DAU yang Tidak Ditentukan Penggunaannya" },
    Fund { code: "2.1.02", name: "[DANA KHUSUS] - DAK Fisik Bidang Kesehatan" },
    Fund { code: "2.2.03", name: "[DANA KHUSUS] - Bantuan Operasional Kesehatan (BOK)" },
    Fund { code: "1.1.04.16", name: "[DANA UMUM] - PENDAPATAN ASLI DAERAH (PAD) - Pendapatan BLUD" },
];

/// Index of the BLUD fund in [`FUNDS`].
pub(crate) const BLUD_FUND: usize = FUNDS.len() - 1;
