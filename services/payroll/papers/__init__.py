"""What people take in their hands: statements as PDF and XLSX, the register, the exchange with 1С:ЗУП."""
